// What reader and player share: the place and the bookmarks, kept on the server for
// every device of one reader.
(function () {
  "use strict";
  var json = { Accept: "application/json" };

  // A drawer keeps in this browser what waits for one loan. Each loan has its own, so
  // that a second book leaves alone what a first one could not send. What was never
  // sent goes when the loan is over, and a while: it may have been extended on another
  // device.
  //   kind  what lies in it
  //   o     loan: its number; left: milliseconds that it still runs
  var grace = 31 * 864e5;
  function drawer(kind, o) {
    var until = Date.now() + o.left, key = kind + "-" + o.loan;
    try {
      Object.keys(localStorage).forEach(function (k) {
        if (k === kind || k.startsWith(kind + "-") && !(parsed(k).until + grace > Date.now())) localStorage.removeItem(k);
      });
    } catch (e) { /* a private window keeps nothing */ }
    function parsed(k) {
      try { return JSON.parse(localStorage.getItem(k)) || {}; } catch (e) { return {}; }
    }
    return {
      // Lays what there is, or nothing, in the place of what was there.
      keep: function (what) {
        try {
          if (what) localStorage.setItem(key, JSON.stringify({ until: until, what: what }));
          else localStorage.removeItem(key);
        } catch (e) { /* the same */ }
      },
      look: function () { return parsed(key).what || null; },
    };
  }

  // A place is sent with how long ago it was read, because clocks differ: the server
  // keeps the newest reading. Without a connection it waits here, and in this browser
  // under the number of the loan, until it can be sent.
  //   o.save   address
  //   o.loan   number of the loan
  //   o.known  the place with which the page came: {href, fragment, by}
  //   o.left   milliseconds that the loan still ran when the page came
  //   o.speed  at which they listen, when they do
  //   o.over   closes the page: "date" when the loan is over, "back" when it was given
  //            back elsewhere, "out" when nobody is signed in
  //   o.offer  another device is at this place; nobody jumps by itself
  function places(o) {
    var by = Array.from(crypto.getRandomValues(new Uint8Array(8)), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
    var kept = drawer("lidwoord-plaats", o), pending = null, timer = 0, asked = 0, busy = false;
    var ends = Date.now() + o.left;
    var known = name(o.known);
    function name(p) { return [p.by || "", p.href || "", p.fragment || ""].join(" "); }
    function store() { kept.keep(pending); }
    function body(p) {
      var fields = { href: p.href, fragment: p.fragment, total: String(Math.min(1, Math.max(0, p.total || 0))), by: by, ago: String(Math.max(0, Date.now() - p.at)) };
      if (o.speed) fields.speed = String(o.speed());
      return new URLSearchParams(fields);
    }
    function elsewhere(p) {
      if (p.by === by || name(p) === known) return;
      known = name(p);
      o.offer(p);
    }
    function passed() { return Date.now() >= ends; }
    function closed(a) {
      if (a.status === 401 || a.status === 403) over(passed() ? "date" : a.status === 401 ? "out" : "back");
    }
    function over(cause) {
      pending = null;
      store();
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
        var a = await fetch(o.save, { method: "POST", body: body(p), headers: json, keepalive: true });
        if (pending === p && (a.ok || a.status < 500)) { pending = null; store(); }
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
      if (navigator.sendBeacon) navigator.sendBeacon(o.save, body(pending));
      else flush();
    }
    addEventListener("pagehide", leave);
    addEventListener("pageshow", function (e) { if (e.persisted) wake(); });
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") leave(); else wake(); });
    return {
      // The reader is at p; it is sent after so many milliseconds.
      moved: function (p, soon) {
        pending = { href: p.href, fragment: p.fragment, total: p.total, at: Date.now() };
        clearTimeout(timer);
        timer = setTimeout(flush, soon);
      },
      flush: flush,
      wake: wake,
      // What an earlier page could not send; the newer place of another device if
      // there is one, else where to begin, or null for where the server said.
      begin: async function () {
        var p = kept.look();
        if (!p) return null;
        pending = p;
        return (await send()) || p;
      },
    };
  }

  // Bookmarks, as a list that follows the server. What changes shows at once; without
  // a connection it waits as a place does: here, and in this browser under the number
  // of the loan, without the words of the book.
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
    var kept = drawer("lidwoord-bladwijzers", o), waiting = [], flies = null, busy = null, timer = 0; // waiting holds {put: bookmark} and {away: id}
    function store() { kept.keep(waiting.length ? waiting.map(bare) : null); }
    function bare(c) { return c.put ? { put: { href: c.put.href, fragment: c.put.fragment, total: c.put.total, chapter: c.put.chapter } } : c; }
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
    function post(c) {
      var m = c.put, fields = m ? { href: m.href, fragment: m.fragment, total: String(m.total), chapter: m.chapter || "", words: m.words || "" } : {};
      return fetch(m ? o.url : o.url + "/" + c.away + "/weg", { method: "POST", body: new URLSearchParams(fields), headers: json, keepalive: true });
    }
    // Sends what waits, in its order; answers whether nothing waits any more. A change
    // that was taken back while it was on its way is taken back on the server too.
    function flush() { return busy = busy || sendAll().finally(function () { busy = flies = null; }); }
    async function sendAll() {
      clearTimeout(timer);
      while (waiting.length) {
        var c = flies = waiting[0];
        try {
          var a = await post(c);
          if (a.status >= 500) throw a;
          var put = a.status === 200 ? await a.json() : null;
        } catch (e) {
          store();
          timer = setTimeout(flush, 30000);
          return false;
        }
        var wanted = waiting.indexOf(c) >= 0;
        waiting = waiting.filter(function (x) { return x !== c; });
        if (a.status === 401 || a.status === 403) o.ended();
        else if (!a.ok) {
          place(all.filter(function (x) { return x !== c.put; }));
          o.failed(a.status);
        } else if (put && !wanted) waiting.push({ away: put.id });
        else if (put) {
          var one = all.filter(function (x) { return x.id !== put.id; });
          Object.assign(c.put, put);
          if (one.length < all.length) place(one); // drawn anew only then: the focus may be in the list
        }
        store();
      }
      return true;
    }
    // Answers "put", or "waits" without a connection, or "" when the server said no.
    async function add(m) {
      var back = waiting.find(function (c) { return m.id && c.away === m.id && c !== flies; });
      var put = { id: back && m.id, href: m.href, fragment: m.fragment, total: m.total, chapter: m.chapter, words: m.words };
      if (back) waiting = waiting.filter(function (c) { return c !== back; });
      else waiting.push({ put: put });
      place(all.filter(function (x) { return x !== m; }).concat(put));
      if (!await flush()) return "waits";
      return all.some(function (x) { return x.href === m.href && x.fragment === m.fragment; }) ? "put" : "";
    }
    // A bookmark that was removed stays in the list as a line with a way back.
    function remove(m, listed) {
      var count = waiting.length;
      waiting = waiting.filter(function (c) { return c.put !== m; });
      if (m.id) waiting.push({ away: m.id });
      else if (waiting.length < count) store();
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
      waiting = kept.look() || [];
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
    // Nothing waits any more: the loan is over, or nobody is signed in.
    function shut() {
      waiting = [];
      store();
      clearTimeout(timer);
    }
    addEventListener("pagehide", function () { if (waiting.length) store(); });
    addEventListener("online", flush);
    document.addEventListener("visibilitychange", function () { if (document.visibilityState !== "hidden") flush(); });
    return { load: load, add: add, remove: remove, shut: shut, all: function () { return all.filter(function (m) { return !m.gone; }); } };
  }

  globalThis.Lidwoord = { places: places, marks: marks };
})();
