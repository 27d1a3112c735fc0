// Comfort only: every page works without this file.
(function () {
  "use strict";

  // The summary of what is wrong takes the focus, so that a screen reader says it first.
  var summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // A second click on the same button sends nothing: the server would do it once
  // anyway, and the visitor sees that it is busy.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    var button = event.submitter;
    if (button) button.setAttribute("aria-busy", "true");
    setTimeout(function () { delete form.dataset.sent; if (button) button.removeAttribute("aria-busy"); }, 8000);
  });
  // Back from the cache of the browser: the form may be sent again.
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach(function (f) { delete f.dataset.sent; });
    document.querySelectorAll("[aria-busy]").forEach(function (b) { b.removeAttribute("aria-busy"); });
  });

  // Show and hide a password: <button type="button" data-reveal="f-wachtwoord" data-hide="Verberg">Toon</button>
  document.querySelectorAll("[data-reveal]").forEach(function (button) {
    var field = document.getElementById(button.dataset.reveal);
    if (!field) return;
    button.hidden = false;
    var show = button.textContent;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", function () {
      var hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.dataset.hide : show;
      button.setAttribute("aria-pressed", String(hidden));
    });
  });

  // Says when Caps Lock is on in a field for a password: <p role="status" data-caps="f-wachtwoord" data-say="Caps Lock staat aan.">
  document.querySelectorAll("[data-caps]").forEach(function (note) {
    var field = document.getElementById(note.dataset.caps);
    if (!field) return;
    ["keydown", "keyup", "mousedown"].forEach(function (e) {
      field.addEventListener(e, function (event) {
        if (!event.getModifierState) return;
        // The key itself tells the state from before it was pressed, so its keyup decides.
        if (event.key === "CapsLock" && e === "keydown") return;
        var on = event.getModifierState("CapsLock") ? note.dataset.say : "";
        if (note.textContent !== on) note.textContent = on;
      });
    });
    field.addEventListener("blur", function () { note.textContent = ""; });
  });

  // Copy a text: <button type="button" data-copy="ID" data-done="Gekopieerd">Kopieer</button>
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(source.textContent.trim()).then(function () { button.textContent = button.dataset.done; });
    });
  });

  // Print the page: <button type="button" data-print hidden>Print</button>
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
