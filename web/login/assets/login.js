// Says in words how far a new password is. Comfort only: the server judges.
(function () {
  "use strict";
  var status = document.getElementById("f-wachtwoord-sterkte");
  var field = document.getElementById("f-wachtwoord");
  if (!status || !field) return;
  var least = Number(status.dataset.least), timer;
  function say() {
    // Characters as people count them, as the server does.
    var n = Array.from(field.value.normalize("NFC")).length, text = "";
    if (n > 0 && n < least) text = least - n === 1 ? status.dataset.one : status.dataset.more.replace("#", least - n);
    else if (n >= least) text = status.dataset.enough;
    status.textContent = text;
    status.classList.toggle("enough", n >= least);
  }
  // A pause first: a screen reader should not count along with every key.
  field.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(say, 400); });
})();
