// Makes one player of a list of tracks. Without it each track has the browser's
// own controls, and everything but the kept place works.
(function () {
  "use strict";
  var room = document.getElementById("luister");
  var $ = function (id) { return document.getElementById(id); };
  var items = Array.prototype.slice.call(document.querySelectorAll(".ob-track"));
  if (!room || !items.length || !globalThis.Lidwoord) return;
  var say = room.dataset;

  // Tracks are files; chapters are what people know. A track may hold many, or be one.
  var tracks = [], chapters = [], total = 0;
  items.forEach(function (li, i) {
    var t = { href: li.dataset.href, length: Number(li.dataset.length) || 0, src: li.querySelector("audio").getAttribute("src"), before: total };
    total += t.length;
    tracks.push(t);
    var cues = Array.prototype.slice.call(li.querySelectorAll(".ob-cues > li"));
    (cues.length ? cues : [li]).forEach(function (c) {
      chapters.push({ track: i, at: Number(c.dataset.at) || 0, row: c, name: c.querySelector(".ob-track__name") });
    });
  });
  chapters.forEach(function (c, n) {
    var next = chapters[n + 1];
    c.end = function () { return next && next.track === c.track ? next.at : tracks[c.track].length; };
    var button = document.createElement("button");
    button.type = "button";
    button.className = "ob-track__play";
    button.textContent = c.title = c.name.textContent;
    button.lang = c.name.lang;
    c.name.replaceWith(button);
    button.addEventListener("click", function () { if (chapter() === c) toggle(); else go(c.track, c.at, true); });
  });

  // One sound for all tracks: the first one's element, so that a phone that allowed
  // it to play once goes on with the next chapter by itself.
  var audio = items[0].querySelector("audio");
  items.forEach(function (li, i) {
    li.querySelector("audio").hidden = true;
    if (i) li.querySelector("audio").removeAttribute("src");
  });
  audio.preservesPitch = audio.mozPreservesPitch = audio.webkitPreservesPitch = true;
  $("speler").hidden = $("merken").hidden = false;

  var at = 0, wanted = 0, wish = false, shown = null, speed = 1, closed = false;
  function clock(s) {
    s = Math.max(0, Math.round(s));
    var m = Math.floor(s / 60) % 60, h = Math.floor(s / 3600);
    return (h ? h + ":" + (m < 10 ? "0" : "") : "") + m + ":" + (s % 60 < 10 ? "0" : "") + s % 60;
  }
  function now() { return audio.readyState > 0 && wanted === null ? audio.currentTime : wanted || 0; }
  function chapter() {
    var t = now() + 0.05, found = null;
    chapters.forEach(function (c) { if (c.track === at && (c.at <= t || !found)) found = c; });
    return found;
  }
  // Goes to a second in a track, and plays on or not.
  function go(i, seconds, on) {
    if (closed) return;
    wish = on;
    at = i;
    wanted = seconds;
    if (audio.getAttribute("src") !== tracks[i].src || audio.readyState === 0 || audio.error) {
      audio.src = tracks[i].src;
      audio.load();
      audio.defaultPlaybackRate = audio.playbackRate = speed;
    } else {
      audio.currentTime = seconds;
      wanted = null;
    }
    show();
    if (on) play();
  }
  function play() {
    if (closed) return;
    wish = true;
    var p = audio.play();
    if (p) p.catch(function (e) { if (e.name === "NotAllowedError") wish = false; });
  }
  function stop() { wish = false; audio.pause(); }
  function toggle() { if (audio.paused) play(); else stop(); }
  function seek(seconds) { go(at, Math.min(Math.max(0, seconds), Math.max(0, tracks[at].length - 0.2)), !audio.paused); later(); }
  function skip(by) {
    var t = now() + by, on = !audio.paused;
    if (t < 0 && at > 0) go(at - 1, Math.max(0, tracks[at - 1].length + t), on);
    else if (t > tracks[at].length && at < tracks.length - 1) go(at + 1, Math.min(t - tracks[at].length, tracks[at + 1].length), on);
    else return seek(t);
    later();
  }
  function leap(by) {
    var c = chapter(), n = chapters.indexOf(c) + by;
    if (by < 0 && now() - c.at > 3) n = chapters.indexOf(c);
    if (n >= chapters.length) return;
    c = chapters[Math.max(0, n)];
    go(c.track, c.at, !audio.paused);
    later();
  }

  function show() {
    var c = chapter(), t = now(), length = c.end() - c.at;
    if (c !== shown) {
      if (shown) { shown.row.removeAttribute("aria-current"); if (bed === "hoofdstuk" && !audio.paused) sleepAtChapter(shown); }
      c.row.setAttribute("aria-current", "true");
      $("nu").textContent = c.title;
      shown = c;
      media();
    }
    $("tijd").max = Math.max(1, Math.round(length));
    $("tijd").value = Math.round(t - c.at);
    $("tijd").setAttribute("aria-valuetext", clock(t - c.at) + " / " + clock(length));
    $("gehad").textContent = clock(t - c.at);
    $("over").textContent = "−" + clock(length - (t - c.at));
    var left = (total - tracks[at].before - t) / speed;
    $("rest").textContent = (speed === 1 ? say.leftAll : say.leftSpeed.replace("{2}", speed.toLocaleString(document.documentElement.lang)))
      .replace("{0}", clock((length - (t - c.at)) / speed)).replace("{1}", clock(left));
  }
  audio.addEventListener("loadedmetadata", function () {
    if (!tracks[at].length && isFinite(audio.duration)) tracks[at].length = audio.duration;
    if (wanted) audio.currentTime = wanted;
    wanted = null;
    $("storing").hidden = true;
    show();
  });
  audio.addEventListener("timeupdate", function () { show(); rest(); });
  audio.addEventListener("seeked", position);
  audio.addEventListener("ratechange", position);
  audio.addEventListener("ended", function () {
    if (bed === "hoofdstuk") { sleepAtChapter(chapters.filter(function (c) { return c.track === at; }).pop()); if (at < tracks.length - 1) go(at + 1, 0, false); }
    else if (at < tracks.length - 1) go(at + 1, 0, true);
    else wish = false;
    keep(0);
  });
  ["play", "pause"].forEach(function (e) {
    audio.addEventListener(e, function () {
      var button = $("speel"), on = !audio.paused;
      button.classList.toggle("is-playing", on);
      button.querySelector(".lw-hidden").textContent = on ? button.dataset.pause : button.dataset.play;
      if ("mediaSession" in navigator) navigator.mediaSession.playbackState = on ? "playing" : "paused";
      if (!on && now() > 0) keep(0);
    });
  });

  // A connection that is lost: the sound that was loaded plays on, then we wait, try
  // again when the network is back, and leave a button to whoever does not wait.
  var waiting = 0;
  function wait(on) { clearTimeout(waiting); if (on) waiting = setTimeout(function () { $("laadt").firstElementChild.hidden = false; }, 1500); else $("laadt").firstElementChild.hidden = true; }
  audio.addEventListener("waiting", function () { wait(true); });
  ["playing", "canplay", "pause", "error"].forEach(function (e) { audio.addEventListener(e, function () { wait(false); }); });
  audio.addEventListener("error", async function () {
    if (closed) return;
    if (wanted === null) wanted = audio.currentTime || 0;
    var was = wish;
    try {
      var a = await fetch(tracks[at].src, { method: "HEAD" });
      if (a.status === 401 || a.status === 403) return places.wake(true);
    } catch (e) { /* no connection */ }
    wish = was;
    $("storing").hidden = false;
  });
  function again() { $("storing").hidden = true; go(at, now(), wish); }
  $("opnieuw").addEventListener("click", function () { wish = true; again(); });
  addEventListener("online", function () { if (!$("storing").hidden) again(); });
  // The loan is over, or nobody is signed in: the sound that was loaded goes too.
  function over(cause) {
    stop();
    closed = true;
    marks.shut();
    audio.removeAttribute("src");
    audio.load();
    $("storing").hidden = $("elders").hidden = true;
    document.querySelectorAll(".ob-words").forEach(function (e) { e.remove(); });
    document.querySelectorAll("#speler button, #speler input, #speler select, .ob-track__play, #merken button").forEach(function (e) { e.disabled = true; });
    Array.prototype.forEach.call($("voorbij").children, function (e) { e.hidden = e.dataset.over !== cause; });
    $("voorbij").hidden = false;
  }

  // Speed and volume stay in this browser; the speed also goes with the place, to the
  // other devices of this loan.
  function kept(name, value) {
    try {
      if (value === undefined) return localStorage.getItem(name);
      localStorage.setItem(name, value);
    } catch (e) { /* a private window keeps nothing */ }
    return null;
  }
  function setSpeed(value) {
    speed = Number(value) || 1;
    $("snelheid").value = String(speed);
    audio.defaultPlaybackRate = audio.playbackRate = speed;
    kept("lidwoord-snelheid", String(speed));
    show();
  }
  function faster(by) {
    var list = Array.prototype.map.call($("snelheid").options, function (o) { return o.value; });
    var n = list.indexOf(String(speed)) + by;
    if (list[n]) setSpeed(list[n]);
  }
  $("snelheid").addEventListener("change", function () { setSpeed(this.value); if (!audio.paused) later(); });
  var loud = 1;
  audio.volume = 0.5;
  $("geluid").hidden = audio.volume !== 0.5; // a telephone has buttons of its own, and says so by not listening
  function setVolume(percent) { loud = percent / 100; audio.volume = loud; $("volume").value = percent; kept("lidwoord-volume", String(percent)); }
  $("volume").addEventListener("input", function () { setVolume(Number(this.value)); });

  // The sleep timer: it fades out, and can be put off until it has.
  var bed = "", until = 0, fade = 20;
  function bedtime(value) {
    bed = value;
    until = Number(value) ? Date.now() + value * 60000 : 0;
    audio.volume = loud;
    $("slaap").value = value;
    rest();
  }
  function rest() {
    $("slaap-stand").hidden = !bed;
    if (!bed) return;
    var c = chapter(), left = until ? (until - Date.now()) / 1000 : (c.end() - now()) / speed;
    var words = until ? say.sleepLeft.replace("{0}", left > 90 ? Math.ceil(left / 60) + " min" : Math.max(0, Math.ceil(left)) + " s") : say.sleepSoon;
    var line = $("slaap-stand").firstElementChild;
    if (line.textContent !== words) line.textContent = words;
    if (left < fade && !audio.paused) audio.volume = loud * Math.max(0, Math.min(1, left / fade));
    if (until && left <= 0) sleep();
  }
  function sleep() { stop(); bedtime(""); }
  function sleepAtChapter(c) {
    // The next chapter began by a breath: back to where this one ended.
    if (c && c.track === at && !audio.ended) { audio.currentTime = Math.max(c.at, c.end() - 0.1); wanted = null; }
    sleep();
  }
  setInterval(function () { if (bed) rest(); }, 1000);
  $("slaap").addEventListener("change", function () { bedtime(this.value); });
  $("later").addEventListener("click", function () {
    var left = until ? Math.max(0, until - Date.now()) / 60000 : 0;
    bedtime("15");
    until = Date.now() + (left + 15) * 60000;
    rest();
    $("slaap").focus();
  });

  // The place: every fifteen seconds while it plays, at a pause, after a skip, and
  // when leaving.
  function place() { var t = now(); return { href: tracks[at].href, fragment: "t=" + t.toFixed(1), total: total ? (tracks[at].before + t) / total : 0 }; }
  var places = Lidwoord.places({
    save: say.save, loan: say.loan, left: Number(say.left), known: { href: say.href, fragment: say.fragment, by: say.by }, over: over,
    speed: function () { return speed; },
    offer: function (p) {
      var here = place();
      offered = p;
      $("elders-tekst").textContent = (p.total >= here.total ? $("elders").dataset.further : $("elders").dataset.less).replace("{0}", where(here)).replace("{1}", where(p));
      $("elders").hidden = false;
    },
  });
  var offered = null;
  function spot(p) {
    var i = tracks.findIndex(function (t) { return t.href === p.href; });
    return { track: Math.max(0, i), at: i < 0 ? 0 : Number(String(p.fragment || "").replace(/^t=/, "")) || 0 };
  }
  function where(p) {
    var s = spot(p), name = "";
    chapters.forEach(function (c) { if (c.track === s.track && c.at <= s.at + 0.05) name = "‘" + c.title + "’, " + clock(s.at - c.at); });
    return name || clock(s.at);
  }
  // In its chapter, whose name stands beside it.
  function minute(m) {
    var s = spot(m), start = 0;
    chapters.forEach(function (c) { if (c.track === s.track && c.at <= s.at + 0.05) start = c.at; });
    return clock(s.at - start);
  }
  function keep(soon) { places.moved(place(), soon); }
  function later() { keep(1500); }
  setInterval(function () { if (!audio.paused) keep(0); }, 15000);
  addEventListener("pagehide", function () { if (!audio.paused) keep(60000); }, true); // before plaats.js sends what there is
  $("elders-ga").addEventListener("click", function () { var s = spot(offered); $("elders").hidden = true; go(s.track, s.at, !audio.paused); $("speel").focus(); });
  $("elders-blijf").addEventListener("click", function () { $("elders").hidden = true; $("speel").focus(); });

  // Bookmarks.
  var marks = Lidwoord.marks({
    url: say.marks, loan: say.loan, left: Number(say.left), list: $("bladwijzers"), none: $("geen-bladwijzers"), label: minute, change: function () {},
    go: function (m) { var s = spot(m); go(s.track, s.at, !audio.paused); later(); $("speel").focus(); },
    failed: function (status) { $("stem").textContent = status === 409 ? say.full : say.failed; },
    ended: function () { places.wake(true); },
  });
  async function mark() {
    var c = chapter(), p = place();
    var put = await marks.add({ href: p.href, fragment: p.fragment, total: p.total, chapter: c.title });
    if (put) $("stem").textContent = put === "waits" ? say.markWaits : say.marked;
  }
  $("lint").addEventListener("click", mark);

  $("speel").addEventListener("click", toggle);
  $("terug").addEventListener("click", function () { skip(-15); });
  $("verder").addEventListener("click", function () { skip(30); });
  $("vorig").addEventListener("click", function () { leap(-1); });
  $("volgend").addEventListener("click", function () { leap(1); });
  $("tijd").addEventListener("input", function () { seek(chapter().at + Number(this.value)); });
  document.addEventListener("keydown", function (e) {
    if (e.altKey || e.ctrlKey || e.metaKey || e.target.closest("input, select, textarea")) return;
    if (e.key === " " && e.target.closest("button, a, summary")) return;
    var keys = { " ": toggle, ArrowLeft: function () { skip(-15); }, ArrowRight: function () { skip(30); }, PageUp: function () { leap(-1); }, PageDown: function () { leap(1); },
      "+": function () { faster(1); }, "=": function () { faster(1); }, "-": function () { faster(-1); }, b: mark };
    if (!keys[e.key]) return;
    keys[e.key]();
    e.preventDefault();
  });

  // The keys of a headset, the lock screen of a telephone.
  function media() {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title: shown.title, artist: say.author, album: say.title, artwork: say.cover ? [{ src: say.cover }] : [] });
    var keys = { play: play, pause: stop, stop: stop, seekbackward: function (d) { skip(-(d.seekOffset || 15)); }, seekforward: function (d) { skip(d.seekOffset || 30); },
      seekto: function (d) { seek(shown.at + d.seekTime); }, previoustrack: function () { leap(-1); }, nexttrack: function () { leap(1); } };
    Object.keys(keys).forEach(function (k) { try { navigator.mediaSession.setActionHandler(k, keys[k]); } catch (e) { /* not known here */ } });
  }
  function position() {
    if (!("mediaSession" in navigator) || !navigator.mediaSession.setPositionState || !shown) return;
    var length = shown.end() - shown.at;
    if (length > 0) navigator.mediaSession.setPositionState({ duration: length, playbackRate: speed, position: Math.min(length, Math.max(0, now() - shown.at)) });
  }

  setVolume(Number(kept("lidwoord-volume") || 100));
  (async function () {
    var first = Math.max(0, items.findIndex(function (li) { return li.hasAttribute("data-here"); }));
    go(first, Number(say.at) || 0, false);
    setSpeed(Number(say.speed) || kept("lidwoord-snelheid") || 1);
    var left = await places.begin();
    if (left && audio.paused) { var s = spot(left); go(s.track, s.at, false); }
    marks.load();
  })();
})();
