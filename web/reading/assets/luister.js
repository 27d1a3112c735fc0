// Makes one player of a list of tracks. Without it each track has the browser's
// own controls, and everything but the kept place works.
(function () {
  "use strict";
  var room = document.getElementById("luister");
  var $ = function (id) { return document.getElementById(id); };
  var items = Array.prototype.slice.call(document.querySelectorAll(".ob-track"));
  if (!room || !items.length) return;
  var lengths = items.map(function (li) { return Number(li.dataset.length); });
  var before = lengths.map(function (_, i) { return lengths.slice(0, i).reduce(function (a, b) { return a + b; }, 0); });
  var total = before[items.length - 1] + lengths[items.length - 1];

  // One sound for all tracks: the first one's element, so that a phone that allowed
  // it to play once goes on with the next chapter by itself.
  var audio = items[0].querySelector("audio");
  var sources = items.map(function (li) { return li.querySelector("audio").getAttribute("src"); });
  items.forEach(function (li, i) {
    li.querySelector("audio").hidden = true;
    if (i) li.querySelector("audio").removeAttribute("src");
    var name = li.querySelector(".ob-track__name");
    var button = document.createElement("button");
    button.type = "button";
    button.className = "ob-track__play";
    button.textContent = name.textContent;
    button.lang = name.lang;
    name.replaceWith(button);
    button.addEventListener("click", function () { if (at === i) toggle(); else { choose(i, 0); play(); } });
  });
  $("speler").hidden = false;

  var at = -1, wanted = 0, saved = "";
  function clock(s) {
    s = Math.max(0, Math.round(s));
    var m = Math.floor(s / 60) % 60, h = Math.floor(s / 3600);
    return (h ? h + ":" + (m < 10 ? "0" : "") : "") + m + ":" + (s % 60 < 10 ? "0" : "") + s % 60;
  }
  function choose(i, seconds) {
    if (i < 0 || i >= items.length) return;
    if (at >= 0) items[at].removeAttribute("aria-current");
    at = i;
    wanted = seconds;
    items[i].setAttribute("aria-current", "true");
    $("nu").textContent = items[i].querySelector(".ob-track__play").textContent;
    $("tijd").max = Math.round(lengths[i]);
    var speed = audio.playbackRate;
    if (audio.getAttribute("src") !== sources[i] || audio.readyState === 0) {
      audio.src = sources[i];
      audio.load();
    } else { audio.currentTime = seconds; }
    audio.defaultPlaybackRate = audio.playbackRate = speed;
    show();
    media();
  }
  function now() { return audio.readyState > 0 ? audio.currentTime : wanted; }
  function show() {
    var t = now();
    $("tijd").value = Math.round(t);
    $("tijd").setAttribute("aria-valuetext", clock(t) + " / " + clock(lengths[at]));
    $("gehad").textContent = clock(t);
    $("over").textContent = "−" + clock(lengths[at] - t);
  }
  function play() { var p = audio.play(); if (p) p.catch(function () {}); }
  function toggle() { if (audio.paused) play(); else audio.pause(); }
  function skip(by) {
    var t = now() + by;
    if (t < 0 && at > 0) choose(at - 1, Math.max(0, lengths[at - 1] + t));
    else if (t > lengths[at] && at < items.length - 1) { var on = !audio.paused; choose(at + 1, 0); if (on) play(); }
    else seek(Math.min(Math.max(0, t), lengths[at] - 0.2));
  }
  function seek(t) { wanted = t; if (audio.readyState > 0) audio.currentTime = t; show(); }
  audio.addEventListener("loadedmetadata", function () { if (wanted) audio.currentTime = wanted; $("storing").hidden = true; show(); });
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("ended", function () { if (at < items.length - 1) { choose(at + 1, 0); play(); } keep(false); });
  audio.addEventListener("error", function () { $("storing").hidden = false; });
  ["play", "pause"].forEach(function (e) {
    audio.addEventListener(e, function () {
      var button = $("speel"), on = !audio.paused;
      button.classList.toggle("is-playing", on);
      button.querySelector(".lw-hidden").textContent = on ? button.dataset.pause : button.dataset.play;
      keep(false);
    });
  });
  $("speel").addEventListener("click", toggle);
  $("terug").addEventListener("click", function () { skip(-15); });
  $("verder").addEventListener("click", function () { skip(30); });
  $("vorig").addEventListener("click", function () { var on = !audio.paused; if (now() > 3 || at === 0) seek(0); else { choose(at - 1, 0); if (on) play(); } });
  $("volgend").addEventListener("click", function () { var on = !audio.paused; choose(at + 1, 0); if (on) play(); });
  $("tijd").addEventListener("input", function () { seek(Number(this.value)); });
  $("snelheid").addEventListener("change", function () {
    audio.playbackRate = audio.defaultPlaybackRate = Number(this.value);
    try { localStorage.setItem("lidwoord-snelheid", this.value); } catch (e) { /* private window */ }
  });
  document.addEventListener("keydown", function (e) {
    if (e.altKey || e.ctrlKey || e.metaKey || e.target.closest("input, select, textarea, button, a, summary")) return;
    if (e.key === " ") { toggle(); e.preventDefault(); }
    if (e.key === "ArrowLeft") skip(-15);
    if (e.key === "ArrowRight") skip(30);
  });

  // The place: every fifteen seconds while it plays, at a pause, and when leaving.
  function keep(leaving) {
    var t = now(), place = items[at].dataset.href + "#t=" + t.toFixed(1);
    if (place === saved) return;
    saved = place;
    var body = new URLSearchParams({ href: items[at].dataset.href, fragment: "t=" + t.toFixed(1), total: String(Math.min(1, (before[at] + t) / total)) });
    if (leaving && navigator.sendBeacon) navigator.sendBeacon(room.dataset.save, body);
    else fetch(room.dataset.save, { method: "POST", body: body, headers: { Accept: "application/json" } }).then(function (a) {
      if (a.status === 401 || a.status === 403) { audio.pause(); $("storing").textContent = room.dataset.over; $("storing").hidden = false; }
    }).catch(function () { saved = ""; });
  }
  setInterval(function () { if (!audio.paused) keep(false); }, 15000);
  addEventListener("pagehide", function () { keep(true); });

  // The keys of a headset, the lock screen of a phone.
  function media() {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title: $("nu").textContent, artist: room.dataset.author, album: room.dataset.title, artwork: room.dataset.cover ? [{ src: room.dataset.cover }] : [] });
    var keys = { play: play, pause: function () { audio.pause(); }, seekbackward: function () { skip(-15); }, seekforward: function () { skip(30); }, previoustrack: function () { $("vorig").click(); }, nexttrack: function () { $("volgend").click(); } };
    Object.keys(keys).forEach(function (k) { try { navigator.mediaSession.setActionHandler(k, keys[k]); } catch (e) { /* not known here */ } });
  }

  var first = Math.max(0, items.findIndex(function (li) { return li.hasAttribute("data-here"); }));
  choose(first, Number(room.dataset.at) || 0);
  saved = items[at].dataset.href + "#t=" + wanted.toFixed(1);
  try {
    var speed = localStorage.getItem("lidwoord-snelheid");
    if (speed) { $("snelheid").value = speed; audio.playbackRate = audio.defaultPlaybackRate = Number($("snelheid").value) || 1; }
  } catch (e) { /* private window */ }
})();
