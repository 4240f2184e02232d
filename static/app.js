/* Five small things that plain pages cannot do. Everything else works without this file. */
(function () {
  "use strict";

  var trouble = document.getElementById("trouble");

  function failed() {
    trouble.hidden = false;
  }

  /* The network went away in the middle of a tap, or the server could not answer. */
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", function (event) {
    var answer = event.detail && event.detail.ctx && event.detail.ctx.response;
    if (!answer || answer.status >= 500) failed();
  });

  document.addEventListener("htmx:before:request", function () {
    trouble.hidden = true;
  });

  /* What was pressed is gone after a swap: go on at the place that the new part names. */
  document.addEventListener("htmx:after:swap", function (event) {
    var place = document.querySelector("[data-focus]");
    if (!place) return;
    place.removeAttribute("data-focus");
    place.focus({ preventScroll: false });
  });

  /* At the desk the field is free for the next scan as soon as one is on its way. */
  document.addEventListener("htmx:config:request", function (event) {
    var form = event.target.closest("[data-scan]");
    if (form) form.elements.code.value = "";
  });

  /* At the desk a key presses the button on which it is written. */
  document.addEventListener("keydown", function (event) {
    var pressed = document.querySelector('[data-key="' + event.key + '"]');
    if (!pressed) return;
    event.preventDefault();
    pressed.click();
  });

  /* The page that Back shows may be another patron's: ask the server again. */
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
