/* What the scripts of citizens' pages begin with: find, listen, keep on the phone, tell, open a sheet. */
var page = (function () {
  'use strict';
  document.documentElement.classList.add('js');
  function one(selector, root) { return (root || document).querySelector(selector); }
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function on(node, type, act) { if (node) { node.addEventListener(type, act); } }
  function keep(key, value) { try { if (value === null) { localStorage.removeItem(key); } else { localStorage.setItem(key, value); } return true; } catch (e) { return false; } }
  function kept(key) { try { return localStorage.getItem(key); } catch (e) { return null; } }
  function toast(text) {
    var box = document.createElement('div');
    box.className = 'toast'; box.setAttribute('role', 'status'); box.textContent = text;
    document.body.appendChild(box);
    setTimeout(function () { box.parentNode.removeChild(box); }, 3500);
  }
  /* while a layer is open, the tab key stays within it */
  function stay(box, event) {
    var stops = all('button, a[href]', box).filter(function (n) { return n.offsetParent !== null && getComputedStyle(n).visibility !== 'hidden'; });
    event.preventDefault();
    stops[(stops.indexOf(document.activeElement) + (event.shiftKey ? stops.length - 1 : 1)) % stops.length].focus();
  }
  /* a half-screen sheet, and what opens it */
  function sheet(box, opener) {
    function shut() { if (!box.hidden) { box.hidden = true; if (opener) { opener.focus(); } } }
    on(box, 'click', function (event) { if (event.target === box || event.target.closest('.shut')) { event.preventDefault(); shut(); } });
    on(document, 'keydown', function (event) {
      if (box.hidden) { return; }
      if (event.key === 'Escape') { shut(); }
      if (event.key === 'Tab') { stay(box, event); }
    });
    return { open: function () { box.hidden = false; one('.shut', box).focus(); }, shut: shut };
  }
  return { one: one, all: all, on: on, keep: keep, kept: kept, toast: toast, stay: stay, sheet: sheet };
}());
