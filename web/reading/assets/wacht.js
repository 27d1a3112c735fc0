// What waits in this browser until it can be sent: places and bookmarks of a reader
// who had no connection, or whose session ended. Every page of the door sends it, for
// who is signed in, before anything else happens there.
(function () {
  "use strict";
  var kinds = /^lidwoord-(plaats|bladwijzers)(-|$)/;
  var open = [], out = false, sending = null, held = false;
  var grace = 366 * 864e5; // a loan may have been extended on another device, by a year at most at a time

  // A private window keeps nothing.
  function keys() { try { return Object.keys(localStorage).filter(function (k) { return kinds.test(k); }); } catch (e) { return []; } }
  function read(key) { try { return Object.assign({ what: [] }, JSON.parse(localStorage.getItem(key))); } catch (e) { return { what: [] }; } }
  function write(key, d) { try { if (d.what.length) localStorage.setItem(key, JSON.stringify(d)); else localStorage.removeItem(key); } catch (e) { /* the same */ } }
  function remove(key) { try { localStorage.removeItem(key); } catch (e) { /* the same */ } }
  function empty(loan) { keys().forEach(function (k) { if (k.endsWith("-" + loan)) remove(k); }); }

  // A change of another page stays, and so does a later one of the same name.
  function take(key, c) {
    var d = read(key);
    d.what = d.what.filter(function (x) { return x.n !== c.n || x.at > c.at; });
    write(key, d);
  }

  // A change is {n: name, put: place or bookmark} or {n: name, away: id of a bookmark};
  // of a place also at, when it was read, and perhaps speed. Clocks differ, so it is
  // sent with how long ago that was. The number of the loan goes along: who signed in
  // meanwhile may be somebody else.
  function fields(d, c) {
    var f = new URLSearchParams({ loan: d.loan });
    ["href", "fragment", "total", "chapter", "words"].forEach(function (name) { if (c.put && c.put[name] !== undefined) f.set(name, c.put[name]); });
    if (c.at) { f.set("by", c.n); f.set("ago", Math.max(0, Date.now() - c.at)); }
    if (c.speed) f.set("speed", c.speed);
    return f;
  }
  function post(d, c) {
    return fetch(c.away ? d.to + "/" + c.away + "/weg" : d.to, { method: "POST", body: fields(d, c), headers: { Accept: "application/json" }, keepalive: true });
  }
  // Not now, but later: nobody is signed in, or the server is busy.
  function later(status) { return status === 401 || status === 429 || status >= 500; }

  // A drawer keeps what waits for one loan. Each loan has its own, which several pages
  // may have open: each lays down and takes away what is its own.
  //   kind  what lies in it
  //   o     loan: its number; left: milliseconds that it still runs; to: address
  //   drop  is called when they sign out: nothing waits any more
  function drawer(kind, o, drop) {
    var key = "lidwoord-" + kind + "-" + o.loan, all = { until: Date.now() + o.left, to: o.to, loan: o.loan };
    open.push({ loan: o.loan, drop: drop });
    return {
      // Without the words of the book and the names of its chapters.
      put: function (c) {
        if (out) return;
        take(key, c);
        var put = c.put && { href: c.put.href, fragment: c.put.fragment, total: c.put.total };
        write(key, Object.assign({}, all, { what: read(key).what.concat({ n: c.n, at: c.at, speed: c.speed, put: put, away: c.away }) }));
      },
      take: function (c) { take(key, c); },
      look: function () { return read(key).what; },
      empty: function () { empty(o.loan); },
      fields: function (c) { return fields(all, c); },
      post: function (c) { return post(all, c); },
    };
  }

  // Sends what waits for other loans than the one of this page; answers whether
  // something was sent.
  async function sendAll() {
    var sent = false;
    for (var key of keys()) {
      var d = read(key);
      if (!d.to || open.some(function (o) { return o.loan === d.loan; })) continue;
      for (var c of d.what) {
        try { var a = await post(d, c); } catch (e) { return sent; }
        if (later(a.status)) return sent;
        if (a.status === 409) continue; // too many bookmarks: the page of the book says so
        if (a.status === 403) { // that loan is over
          empty(d.loan);
          break;
        }
        take(key, c);
        sent = true;
      }
    }
    return sent;
  }
  function flush() { return sending = sending || sendAll().finally(function () { sending = null; }); }

  keys().forEach(function (k) { if (!(read(k).until + grace > Date.now())) remove(k); });
  document.addEventListener("DOMContentLoaded", async function () {
    if (await flush() && !held && document.querySelector("[data-waits]")) location.reload(); // it says how much there is
  });
  addEventListener("online", flush);

  // Who gives a book back takes along what waited. Of a connection that hangs nobody
  // waits for the end.
  document.addEventListener("submit", function (e) {
    var form = e.target, button = e.submitter;
    if (sending && !held) {
      held = true;
      e.preventDefault();
      e.stopImmediatePropagation();
      Promise.race([sending, new Promise(function (on) { setTimeout(on, 4000); })]).then(function () { form.requestSubmit(button); });
    } else if (form.hasAttribute("data-forget")) forget();
  }, true);

  // Others use this computer: after signing out nothing waits, on no page.
  var pages = globalThis.BroadcastChannel && new BroadcastChannel("lidwoord-uit");
  function drop() { open.forEach(function (o) { o.drop(); }); }
  function forget() {
    out = true;
    drop();
    keys().forEach(remove);
    if (pages) pages.postMessage("");
  }
  if (pages) pages.onmessage = drop;
  addEventListener("pageshow", function (e) { if (e.persisted) { out = held = false; flush(); } });

  function name() { return Array.from(crypto.getRandomValues(new Uint8Array(8)), function (b) { return b.toString(16).padStart(2, "0"); }).join(""); }

  globalThis.Lidwoord = { drawer: drawer, later: later, name: name };
})();
