// What reader and player share: the place and the bookmarks, kept on the server for
// every device of one reader.
(function () {
  "use strict";
  var json = { Accept: "application/json" };

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
    var drawer = "lidwoord-plaats", pending = null, timer = 0, asked = 0, busy = false;
    var ends = Date.now() + o.left;
    var known = name(o.known);
    function name(p) { return [p.by || "", p.href || "", p.fragment || ""].join(" "); }
    function store() {
      try {
        if (pending) localStorage.setItem(drawer, JSON.stringify({ loan: o.loan, place: pending }));
        else localStorage.removeItem(drawer);
      } catch (e) { /* a private window keeps nothing */ }
    }
    function left() {
      try {
        var found = JSON.parse(localStorage.getItem(drawer));
        return found && found.loan === o.loan ? found.place : null;
      } catch (e) { return null; }
    }
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
        var p = left();
        if (!p) return null;
        pending = p;
        return (await send()) || p;
      },
    };
  }

  // Bookmarks, as a list that follows the server.
  //   o.url    address
  //   o.list   <ol> with the words in data-go, data-remove, data-removed, data-undo
  //   o.none   shown when there are none
  //   o.label  says where a bookmark is: "45 %"
  //   o.go     goes to a bookmark
  //   o.change is called after every change
  //   o.failed is called when the server could not be reached, with its reason or ""
  function marks(o) {
    var all = [], say = o.list.dataset;
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
    async function ask(url, fields) {
      try {
        var a = await fetch(url, fields ? { method: "POST", body: new URLSearchParams(fields), headers: json } : { headers: json });
        if (a.ok) return a.status === 204 ? {} : await a.json();
        o.failed(a.status);
      } catch (e) { o.failed(0); }
      return null;
    }
    async function load() {
      var list = await ask(o.url);
      if (list) { all = list; draw(); }
    }
    async function add(m) {
      var put = await ask(o.url, { href: m.href, fragment: m.fragment, total: String(m.total), chapter: m.chapter || "", words: m.words || "" });
      if (!put) return false;
      all = all.filter(function (x) { return x.id !== put.id && x !== m; }).concat(put).sort(function (a, b) { return a.total - b.total; });
      draw();
      return true;
    }
    // A bookmark that was removed stays in the list as a line with a way back.
    async function remove(m, listed) {
      if (!await ask(o.url + "/" + m.id + "/weg", {})) return false;
      if (listed) m.gone = true;
      else all = all.filter(function (x) { return x !== m; });
      draw();
      if (listed) o.list.children[all.indexOf(m)].querySelector("button").focus();
      return true;
    }
    async function undo(m) {
      if (!await add(m)) return;
      var at = all.findIndex(function (x) { return x.href === m.href && x.fragment === m.fragment; });
      if (at >= 0) o.list.children[at].querySelector("button").focus();
    }
    return { load: load, add: add, remove: remove, all: function () { return all.filter(function (m) { return !m.gone; }); } };
  }

  globalThis.Lidwoord = { places: places, marks: marks };
})();
