// Comfort for the desk. Every page works without this file: the server asks the
// same questions, looks the same things up and keeps the same drafts.
(function () {
  "use strict";
  var $ = function (id) { return document.getElementById(id); };

  // Back on a page at a field: go on typing there.
  var aim = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
  if (aim && /^(INPUT|SELECT|TEXTAREA)$/.test(aim.tagName)) aim.focus();

  payment();
  answered();
  var form = document.querySelector("form[data-form]");
  if (!form) return;
  var parts = form.dataset.parts, quick = form.hasAttribute("data-quick");
  var field = function (name) { return $("f-" + name); };

  function later(wait, run) {
    var timer;
    return function () { clearTimeout(timer); timer = setTimeout(run, wait); };
  }

  // One question at a time of each kind: a new one calls the older one back.
  var asking = {};
  function ask(what, done, failed) {
    if (!parts) return;
    if (asking[what]) asking[what].abort();
    var stop = asking[what] = new AbortController();
    fetch(parts + "/" + what, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: stop.signal,
      headers: { Accept: what === "dubbel" || what === "opbouw" ? "text/html" : "application/json" } })
      .then(function (answer) {
        if (!answer.ok) throw new Error(answer.status);
        return /json/.test(answer.headers.get("Content-Type")) ? answer.json() : answer.text();
      })
      .then(done)
      .catch(function (e) { if (e.name !== "AbortError" && failed) failed(); });
  }

  function say(name, note) {
    var at = $("n-" + name);
    if (!at) return;
    at.textContent = note.text || "";
    if (note.open) { // looking does not cost the form
      var link = document.createElement("a");
      link.href = note.open; link.target = "_blank"; link.textContent = note.openText;
      at.append(" ", link);
    }
    at.classList.toggle("desk-note--bad", !note.ok);
    var box = field(name);
    if (box && note.ok) box.removeAttribute("aria-invalid");
  }
  function put(values) {
    Object.keys(values || {}).forEach(function (name) { var f = field(name); if (f) f.value = values[name]; });
  }

  // The next field that a person would type in.
  function next(from) {
    var list = Array.prototype.filter.call(form.querySelectorAll("input, select, button"), function (f) {
      return f.type !== "hidden" && f.tabIndex >= 0 && !f.disabled && f.offsetParent;
    });
    var to = list[list.indexOf(from) + 1];
    if (to) to.focus();
  }

  // Drafts ------------------------------------------------------------------
  // One at a time: of two on their way at once the older could arrive last. The
  // note says "kept" only while nothing newer was typed.
  var kept = $("bewaard"), over = $("uitgelogd"), dirty = false, leaving = false, busy = false;
  if (over) form.before(over);
  function keep(last) {
    if (!dirty || leaving || !form.dataset.keep || busy && !last) return;
    dirty = false;
    busy = true;
    fetch(form.dataset.keep, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" }, keepalive: true })
      .then(function (answer) {
        over.hidden = answer.status !== 401;
        if (!over.hidden) return;
        if (!answer.ok) throw new Error(answer.status);
        return answer.json().then(function (note) { if (!dirty) kept.textContent = note.text; });
      })
      .then(function () { busy = false; if (dirty) keepSoon(); }, function () {
        busy = false;
        if (leaving) return;
        dirty = true;
        kept.textContent = kept.dataset.failed;
        setTimeout(keepSoon, 5000);
      });
  }
  var keepSoon = later(900, function () { keep(false); });
  form.addEventListener("input", function () { dirty = true; if (kept) kept.textContent = ""; keepSoon(); });
  window.addEventListener("pagehide", function () { keep(true); });
  form.addEventListener("submit", function () { leaving = true; });
  window.addEventListener("pageshow", function (e) { if (e.persisted) leaving = false; });

  // Klantnummer -------------------------------------------------------------
  var number = field("klantnummer"), dialog = $("systeemnummer");
  var isV = function () { return /^v+$/i.test(number.value.trim()); };
  function checkNumber(go) {
    if (!number.value.trim()) { say("klantnummer", { ok: true }); return; }
    ask("nummer", function (note) {
      if (note.form) { form.requestSubmit(form.querySelector("[name=doe][value=enter]")); return; }
      put(note.set);
      say("klantnummer", note);
      if (note.ok && go) next(number);
      if (!note.ok) number.select();
    }, function () { if (go) next(number); });
  }
  // The row of V's shows at once; the sentence beside it may come later.
  function generate() {
    number.value = number.dataset.system;
    dirty = true;
    keepSoon();
    checkNumber(false);
    next(number);
  }
  if (number) {
    number.addEventListener("keydown", function (e) {
      if (e.key !== "Enter" || !number.value.trim()) return;
      e.preventDefault(); // a scanner ends with Enter: that is no reason to send the form
      if (isV() && !quick && dialog && dialog.showModal && !/^v{12}$/i.test(number.value.trim())) { dialog.returnValue = ""; dialog.showModal(); return; }
      if (isV()) generate(); else checkNumber(true);
    });
    number.addEventListener("change", function () {
      if (quick && isV()) number.value = number.dataset.system;
      if (quick || !isV()) checkNumber(false);
    });
    if (dialog) dialog.addEventListener("close", function () {
      if (dialog.returnValue === "ja") { generate(); return; }
      number.value = "";
      number.focus();
    });
  }

  // Geboortedatum -----------------------------------------------------------
  var birth = field("geboortedatum");
  if (birth) birth.addEventListener("change", function () {
    if (!birth.value.trim()) { say("geboortedatum", { ok: true }); return; }
    ask("datum", function (note) {
      say("geboortedatum", note);
      var parent = $("ouder"), young = note.more === "young";
      parent.hidden = note.ok && !young && !field("ouder").value;
      if (young) parent.open = true;
    });
  });

  // Adres -------------------------------------------------------------------
  var street = field("straat"), place = field("plaats"), mark = field("adresklopt"), about = $("n-adres");
  function badge(known, text) {
    about.textContent = "";
    var b = document.createElement("span");
    b.className = "lw-badge " + (known ? "lw-badge--ok" : "lw-badge--wait");
    b.textContent = known ? about.dataset.known : about.dataset.unknown;
    about.append(b, text ? " " + text : "");
  }
  function passOver(on) {
    [street, place].forEach(function (f) { if (on) f.tabIndex = -1; else f.removeAttribute("tabindex"); });
  }
  function lookUp() {
    if (!field("postcode").value.trim() || !field("huisnummer").value.trim()) return;
    // Who types without looking must not land in a field that is about to fill
    // itself in; where nothing comes, the form asks for it.
    if (mark.value || !street.value && !place.value) passOver(true);
    ask("adres", function (note) {
      if (note.ok) {
        put(note.set);
        var waiting = document.activeElement;
        passOver(true);
        badge(true, "");
        if (waiting === street || waiting === place) next(place);
      } else {
        passOver(false);
        mark.value = "";
        badge(false, note.text);
      }
    }, function () { passOver(false); badge(false, ""); });
  }
  if (street) {
    if (street.hasAttribute("data-known")) passOver(true);
    ["postcode", "huisnummer", "toevoeging", "land"].forEach(function (name) {
      var f = field(name);
      if (f) f.addEventListener("change", lookUp);
    });
    [street, place].forEach(function (f) {
      f.addEventListener("input", function () { mark.value = ""; badge(false, ""); });
    });
  }

  // IBAN --------------------------------------------------------------------
  var iban = field("iban");
  // The bank of a Dutch IBAN is known: its BIC is passed over before it is there.
  if (iban) iban.addEventListener("input", function () {
    if (/^\s*nl/i.test(iban.value)) field("bic").tabIndex = -1; else field("bic").removeAttribute("tabindex");
  });
  if (iban) iban.addEventListener("change", function () {
    if (!iban.value.trim()) { say("iban", { ok: true }); field("bic").removeAttribute("tabindex"); return; }
    ask("bank", function (note) {
      put(note.set);
      say("iban", note);
      var bic = field("bic");
      if (note.ok && note.set && note.set.bic) {
        var waiting = document.activeElement === bic;
        bic.tabIndex = -1;
        if (waiting) next(iban);
      } else bic.removeAttribute("tabindex");
    });
  });

  // E-mail --------------------------------------------------------------------
  var email = field("email");
  if (email && $("n-email")) email.addEventListener("change", function () {
    if (!email.value.trim()) { say("email", { ok: true }); return; }
    ask("email", function (note) { say("email", note); });
  });

  // Who may be the same person ----------------------------------------------
  var alike = $("dubbel");
  var look = later(220, function () {
    if (alike.contains(document.activeElement)) return; // the clerk is writing the reason
    ask("dubbel", function (html) { if (!alike.contains(document.activeElement)) alike.innerHTML = html; });
  });
  if (alike) form.addEventListener("input", function (e) { if (!alike.contains(e.target)) look(); });

  // Opbouw on the quick path --------------------------------------------------
  var live = $("opbouw");
  var cost = later(250, function () { ask("opbouw", function (html) { live.innerHTML = html; }); });
  if (quick && live) {
    form.addEventListener("input", function (e) { if (!live.contains(e.target)) cost(); });
    var first = form.querySelector("[aria-invalid=true]");
    if (first) first.focus(); // a trained clerk mends and goes on
    else if (!$("opslaan") && birth && birth.value) cost();
  }

  // Bestaand inlogaccount: its field only when it is chosen --------------------
  var under = document.querySelector("[data-when]");
  if (under) {
    var show = function () {
      var chosen = form.querySelector("[name=account]:checked");
      under.hidden = !chosen || chosen.value !== under.dataset.when;
    };
    form.addEventListener("change", show);
    show();
  }

  // Has the owner answered on a telephone? Asked as long as the question is open.
  function answered() {
    var form = document.querySelector("form[data-stand]");
    if (!form) return;
    var timer = setInterval(function () {
      if (document.hidden) return;
      fetch(form.dataset.stand, { headers: { Accept: "application/json" } })
        .then(function (answer) { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
        .then(function (stand) {
          if (stand.ok || !stand.form) clearInterval(timer);
          if (stand.ok) form.requestSubmit(form.querySelector("button"));
        })
        .catch(function () { clearInterval(timer); });
    }, 2000);
  }

  // Taking money: change for cash ----------------------------------------------
  function payment() {
    var pay = document.querySelector("form[data-pay]");
    if (!pay) return;
    var cents = function (f) { return Math.round(parseFloat(f.value.replace(/[€\s.]/g, "").replace(",", ".")) * 100); };
    var cash = pay.querySelector("[data-cash]"), out = pay.querySelector("[data-change]");
    var update = function () {
      var way = pay.querySelector("[name=wijze]:checked");
      cash.hidden = !way || way.value !== "contant";
      var back = cents(pay.elements.ontvangen) - cents(pay.elements.bedrag);
      out.textContent = back > 0 && !cash.hidden ? out.dataset.label + " € " + (back / 100).toFixed(2).replace(".", ",") : "";
    };
    pay.addEventListener("input", update);
    pay.addEventListener("change", update);
    update();
  }
})();
