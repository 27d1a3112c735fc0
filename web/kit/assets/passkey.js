// Passkeys: <form data-passkey="get" data-options="JSON" hidden> with the fields
// vraag and antwoord, and a place for [role=status]. Without this file the form stays
// hidden, and the other ways in remain.
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (c) { return c.charCodeAt(0); });
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (b) { plain += String.fromCharCode(b); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function known(list) {
    return (list || []).map(function (k) { return { id: bytes(k.id), type: k.type, transports: k.transports }; });
  }
  function ask(kind, key, more) {
    key.challenge = bytes(key.challenge);
    if (kind === "get") {
      key.allowCredentials = known(key.allowCredentials);
      return navigator.credentials.get(Object.assign({ publicKey: key }, more));
    }
    key.user.id = bytes(key.user.id);
    key.excludeCredentials = known(key.excludeCredentials);
    return navigator.credentials.create({ publicKey: key });
  }
  function answer(made) {
    var r = made.response, out = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      out.attestationObject = text(r.attestationObject);
      if (r.getTransports) out.transports = r.getTransports();
    } else {
      out.authenticatorData = text(r.authenticatorData);
      out.signature = text(r.signature);
      if (r.userHandle) out.userHandle = text(r.userHandle);
    }
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response: out,
      authenticatorAttachment: made.authenticatorAttachment || undefined, clientExtensionResults: made.getClientExtensionResults()
    });
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var status = form.querySelector("[role=status]"), busy = false, quiet;
    form.hidden = false;
    function options() { return JSON.parse(form.dataset.options).publicKey; }
    function send(made) {
      form.elements.antwoord.value = answer(made);
      form.requestSubmit();
    }
    // Where a field asks for it, the browser offers a passkey among the names that it
    // knows. It takes one question at a time: the button ends this one.
    if (document.querySelector("input[autocomplete~=webauthn]") && PublicKeyCredential.isConditionalMediationAvailable) {
      PublicKeyCredential.isConditionalMediationAvailable().then(function (can) {
        if (!can || busy) return;
        quiet = new AbortController();
        ask("get", options(), { mediation: "conditional", signal: quiet.signal }).then(send, function () {});
      });
    }
    form.addEventListener("submit", function (event) {
      if (form.elements.antwoord.value) return;
      event.preventDefault();
      if (busy) return;
      busy = true;
      status.textContent = "";
      if (quiet) quiet.abort();
      ask(form.dataset.passkey, options()).then(send, function (error) {
        // Who has it already hears so; every other reason the browser tells itself.
        status.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
      }).finally(function () { busy = false; });
    });
  });
})();
