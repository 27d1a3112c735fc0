// What reader and player share: the place and the bookmarks, kept on the server for
// every device of one reader. What cannot be sent waits in a drawer (wacht.js).
(function () {
  "use strict";
  var json = { Accept: "application/json" };

  // A place is sent with how long ago it was read, because clocks differ: the server
  // keeps the newest reading. Without a connection it waits here, and in its drawer.
  //   o.save   address
  //   o.loan   number of the loan
  //   o.known  the place with which the page came: {href, fragment, by}
  //   o.left   milliseconds that the loan still ran when the page came
  //   o.speed  at which they listen, when they do
  //   o.over   closes the page: "date" when the loan is over, "back" when it was given
  //            back elsewhere, "out" when nobody is signed in
  //   o.offer  another device is at this place; nobody jumps by itself
  function places(o) {
    var by = Lidwoord.name();
    var kept = Lidwoord.drawer("plaats", { loan: o.loan, left: o.left, to: o.save }, function () { pending = null; }), pending = null, timer = 0, asked = 0, busy = false;
    var ends = Date.now() + o.left;
    var known = name(o.known);
    function name(p) { return [p.by || "", p.href || "", p.fragment || ""].join(" "); }
    function store() { if (pending) kept.put(pending); }
    function elsewhere(p) {
      if (p.by === by || name(p) === known) return;
      known = name(p);
      o.offer(p);
    }
    function passed() { return Date.now() >= ends; }
    function closed(a) {
      if (a.status === 403) {
        pending = null;
        kept.empty();
      }
      if (a.status === 401 || a.status === 403) over(passed() ? "date" : a.status === 401 ? "out" : "back");
    }
    // What waits stays, until the server says that the loan is over.
    function over(cause) {
      store();
      pending = null;
      clearInterval(watch);
      o.over(cause);
    }
    // On the day itself the page asks whether the loan was extended meanwhile, and
    // without a connection closes.
    var watch = setInterval(function () { if (passed()) wake(true); }, 30000);
    // Answers the newer place of another device, or nothing.
    async function send() {
      clearTimeout(timer);
      if (!pending || busy) return null;
      var p = pending;
      busy = true;
      try {
        var a = await kept.post(p);
        if (!Lidwoord.later(a.status)) {
          kept.take(p);
          if (pending === p) pending = null;
        }
        closed(a);
        return a.status === 200 ? await a.json() : null;
      } catch (e) {
        store();
        timer = setTimeout(flush, 30000);
        return null;
      } finally {
        busy = false;
        if (pending && pending !== p) timer = setTimeout(flush, 1500);
      }
    }
    async function flush() { var p = await send(); if (p) elsewhere(p); }
    async function wake(now) {
      if (now !== true) {
        if (pending && !passed()) return flush();
        if (Date.now() - asked < 3000) return;
      }
      asked = Date.now();
      try {
        var a = await fetch(o.save, { headers: json });
        closed(a);
        if (a.status !== 200) return;
        var p = await a.json();
        if (p.left) ends = Date.now() + p.left;
        elsewhere(p);
      } catch (e) { if (passed()) over("date"); }
    }
    function leave() {
      if (!pending) return;
      store(); // whether a beacon arrives nobody tells; sent twice is as good as once
      if (navigator.sendBeacon) navigator.sendBeacon(o.save, kept.fields(pending));
      else flush();
    }
    addEventListener("pagehide", leave);
    addEventListener("pageshow", function (e) { if (e.persisted) wake(); });
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") leave(); else wake(); });
    return {
      // The reader is at p; it is sent after so many milliseconds.
      moved: function (p, soon) {
        pending = { n: by, at: Date.now(), speed: o.speed && o.speed(), put: { href: p.href, fragment: p.fragment, total: Math.min(1, Math.max(0, p.total || 0)) } };
        clearTimeout(timer);
        timer = setTimeout(flush, soon);
      },
      flush: flush,
      wake: wake,
      // What an earlier page could not send; the newer place of another device if
      // there is one, else where to begin, or null for where the server said.
      begin: async function () {
        var all = kept.look();
        if (!all.length) return null;
        var p = Object.assign({}, all.reduce(function (a, b) { return b.at > a.at ? b : a; }), { n: by });
        pending = p;
        store();
        all.forEach(kept.take);
        return (await send()) || p.put;
      },
    };
  }

  // Bookmarks, as a list that follows the server. What changes shows at once; without
  // a connection it waits as a place does: here, and in its drawer.
  //   o.url    address
  //   o.loan   number of the loan
  //   o.left   milliseconds that the loan still ran when the page came
  //   o.list   <ol> with the words in data-go, data-remove, data-removed, data-undo
  //   o.none   shown when there are none
  //   o.label  says where a bookmark is: "45 %"
  //   o.go     goes to a bookmark
  //   o.change is called after every change
  //   o.failed is called when the server says no, with its status
  //   o.ended  is called when the loan is over, or nobody is signed in
  function marks(o) {
    var all = [], say = o.list.dataset;
    var kept = Lidwoord.drawer("bladwijzers", { loan: o.loan, left: o.left, to: o.url }, shut), waiting = [], flies = null, busy = null, timer = 0;
    // What waits lies in the drawer before it is sent: no page knows when it is closed.
    function wait(c) {
      c.n = Lidwoord.name();
      waiting.push(c);
      kept.put(c);
    }
    function drop(c) {
      waiting = waiting.filter(function (x) { return x !== c; });
      kept.take(c);
    }
    function element(tag, klass, text) {
      var e = document.createElement(tag);
      if (klass) e.className = klass;
      if (text) e.textContent = text;
      return e;
    }
    function button(klass, text, act) {
      var b = element("button", klass, text);
      b.type = "button";
      b.addEventListener("click", act);
      return b;
    }
    function draw() {
      o.list.replaceChildren.apply(o.list, all.map(function (m) {
        var li = element("li", "ob-mark");
        if (m.gone) {
          li.append(element("span", "", say.removed + " "), button("lw-linkbutton ob-mark__undo", say.undo, function () { undo(m); }));
          return li;
        }
        var go = button("ob-mark__go", "", function () { o.go(m); });
        go.append(element("span", "ob-mark__chapter", m.chapter || o.label(m)), element("span", "ob-mark__words", m.words), element("span", "ob-mark__at", o.label(m)));
        var away = button("ob-mark__away", "", function () { remove(m, true); });
        away.append(element("span", "", "×"), element("span", "lw-hidden", say.remove + ": " + (m.chapter || o.label(m))));
        away.firstChild.setAttribute("aria-hidden", "true");
        li.append(go, away);
        return li;
      }));
      o.none.hidden = all.length > 0;
      o.change();
    }
    function place(list) {
      all = list.sort(function (a, b) { return a.total - b.total; });
      draw();
    }
    // Sends what waits, in its order; answers whether nothing waits any more. A change
    // that was taken back while it was on its way is taken back on the server too.
    function flush() { return busy = busy || sendAll().finally(function () { busy = flies = null; }); }
    async function sendAll() {
      clearTimeout(timer);
      while (waiting.length) {
        var c = flies = waiting[0];
        try {
          var a = await kept.post(c);
          if (a.status !== 401 && Lidwoord.later(a.status)) throw a;
          var put = a.status === 200 ? await a.json() : null;
        } catch (e) {
          timer = setTimeout(flush, 30000);
          return false;
        }
        if (a.status === 401) { // it waits until they are signed in
          o.ended();
          return false;
        }
        var wanted = waiting.indexOf(c) >= 0;
        drop(c);
        if (a.status === 403) {
          waiting = [];
          kept.empty();
          o.ended();
        } else if (!a.ok) {
          place(all.filter(function (x) { return x !== c.put; }));
          o.failed(a.status);
        } else if (put && !wanted) wait({ away: put.id });
        else if (put) {
          var one = all.filter(function (x) { return x.id !== put.id; });
          Object.assign(c.put, put);
          if (one.length < all.length) place(one); // drawn anew only then: the focus may be in the list
        }
      }
      return true;
    }
    // Answers "put", or "waits" without a connection, or "" when the server said no.
    async function add(m) {
      var back = waiting.find(function (c) { return m.id && c.away === m.id && c !== flies; });
      var put = { id: back && m.id, href: m.href, fragment: m.fragment, total: m.total, chapter: m.chapter, words: m.words };
      if (back) drop(back);
      else wait({ put: put });
      place(all.filter(function (x) { return x !== m; }).concat(put));
      if (!await flush()) return "waits";
      return all.some(function (x) { return x.href === m.href && x.fragment === m.fragment; }) ? "put" : "";
    }
    // A bookmark that was removed stays in the list as a line with a way back.
    function remove(m, listed) {
      waiting.filter(function (c) { return c.put === m; }).forEach(drop);
      if (m.id) wait({ away: m.id });
      if (listed) m.gone = true;
      else all = all.filter(function (x) { return x !== m; });
      draw();
      if (listed) o.list.children[all.indexOf(m)].querySelector("button").focus();
      return flush();
    }
    function undo(m) {
      m.gone = false;
      add(m);
      var at = all.findIndex(function (x) { return x.href === m.href && x.fragment === m.fragment; });
      if (at >= 0) o.list.children[at].querySelector("button").focus();
    }
    async function load() {
      waiting = kept.look();
      await flush();
      try {
        var a = await fetch(o.url, { headers: json });
        if (!a.ok) return o.failed(a.status);
        var list = await a.json();
      } catch (e) { return o.failed(0); }
      waiting.forEach(function (c) {
        if (c.put) list.push(c.put);
        else list = list.filter(function (m) { return m.id !== c.away; });
      });
      place(list);
    }
    // The loan is over, or nobody is signed in: this page sends nothing more.
    function shut() {
      waiting = [];
      clearTimeout(timer);
    }
    addEventListener("online", flush);
    document.addEventListener("visibilitychange", function () { if (document.visibilityState !== "hidden") flush(); });
    return { load: load, add: add, remove: remove, shut: shut, all: function () { return all.filter(function (m) { return !m.gone; }); } };
  }

  Object.assign(Lidwoord, { places: places, marks: marks });
})();
