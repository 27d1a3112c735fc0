// Comfort only: every page works without this file.
(function () {
  "use strict";

  // While the bank is silent the page looks by itself; the server only reads.
  var waiting = document.querySelector("[data-poll]");
  if (waiting) {
    waiting.querySelector("[data-by-itself]").hidden = false;
    var tries = 0;
    var look = function () {
      tries++;
      fetch(waiting.dataset.poll, { headers: { "Accept": "text/html" }, cache: "no-store" })
        .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(); }) // in trouble: the next look may work
        .then(function (text) {
          var there = new DOMParser().parseFromString(text, "text/html").querySelector("[data-poll]");
          if (!there) location.replace(waiting.dataset.poll);
        })
        .catch(function () {})
        .then(function () { if (tries < 300) setTimeout(look, tries < 20 ? 1500 : 5000); });
    };
    setTimeout(look, 1000);
  }
})();
