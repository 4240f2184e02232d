/* Six small things that plain pages cannot do. Everything else works without this file. */
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

  /* A login that nobody uses ends by itself: say so in time, and in the end lead away from what is on the
     screen.  The server is asked first, since the login may be in use in another tab. */
  function watch(notice) {
    var form = notice.querySelector("form");
    var warning = notice.dataset.warning * 1000;
    var canGoOn = true, endsAt, timer, typedIn, cameFrom;

    function ask(address, options) {
      options.headers = { "HX-Request-Type": "partial" };
      options.cache = "no-store";
      return fetch(address, options).then(function (answer) {
        if (answer.status === 401) return leave();
        if (!answer.ok) throw new Error(answer.status);
        return answer.json().then(function (end) {
          canGoOn = end.can_go_on;
          lasts(end.left);
          show();
        });
      });
    }

    /* A second more than the server says, so that it is over there when it is over here. */
    function lasts(seconds) {
      endsAt = Date.now() + (Number(seconds) + 1) * 1000;
    }

    function again(at) {
      clearTimeout(timer);
      timer = setTimeout(check, Math.max(at - Date.now(), 1000));
    }

    function check() {
      if (Date.now() < endsAt - warning) return again(endsAt - warning);
      ask(notice.dataset.asks, {}).catch(function () {
        if (Date.now() < endsAt) show(); else leave(); /* no answer: go by our own count */
      });
    }

    function show() {
      if (Date.now() < endsAt - warning) {
        notice.hidden = true;
        return again(endsAt - warning);
      }
      say(canGoOn ? "idle" : "longest");
      form.hidden = !canGoOn;
      again(endsAt);
    }

    function say(when) {
      notice.querySelectorAll("[data-when]").forEach(function (sentence) {
        sentence.hidden = sentence.dataset.when !== when;
      });
      notice.hidden = false;
    }

    /* What was typed stays on one's own device: when it is sent, the server keeps it through the login. */
    function leave() {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
      var keeps = "keeps" in notice.dataset && typedIn && typedIn.isConnected
        && typedIn.method === "post" && !typedIn.querySelector("[type=password]");
      if (!keeps) return window.location.replace(notice.dataset.leads);
      form.hidden = true;
      say("over");
    }

    /* A device that was asleep has not counted on. */
    function look() {
      if (!document.hidden) check();
    }

    document.addEventListener("visibilitychange", look);
    document.addEventListener("input", function (event) {
      typedIn = event.target.form;
    });
    form.addEventListener("focusin", function (event) {
      cameFrom = event.relatedTarget;
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then(function () {
        if (notice.hidden) (cameFrom || document.getElementById("main")).focus({ preventScroll: true });
      }, failed);
    });
    lasts(notice.dataset.left);
    again(endsAt - warning);
  }

  var notice = document.getElementById("login-end");
  if (notice) watch(notice);

  /* The page that Back shows may be another patron's: ask the server again. */
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
