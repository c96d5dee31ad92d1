/* The page works without this file; with it the phone follows what arrives. */
(function () {
  'use strict';
  var talk = document.querySelector('.talk');
  if (talk) { talk.scrollTop = talk.scrollHeight; }
  var clock = document.querySelector('[data-now]');
  if (clock) {
    var began = Date.now(), start = Number(clock.getAttribute('data-now'));
    setInterval(function () {
      var at = new Date(start + (Date.now() - began) + 8 * 3600 * 1000);
      var two = function (n) { return (n < 10 ? '0' : '') + n; };
      clock.textContent = (at.getUTCMonth() + 1) + '月' + at.getUTCDate() + '日 ' + two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()) + ':' + two(at.getUTCSeconds());
    }, 1000);
  }
  var phone = document.querySelector('[data-watch]'), before = null;
  function look() {
    var request = new XMLHttpRequest();
    request.open('GET', phone.getAttribute('data-watch'));
    request.onloadend = function () {
      var typing = document.activeElement && document.activeElement.tagName === 'INPUT';
      if (request.status === 200 && before !== null && before !== request.responseText && !typing) { location.reload(); return; }
      if (request.status === 200) { before = request.responseText; }
      setTimeout(look, 1500);
    };
    request.send();
  }
  if (phone) { look(); }
}());
