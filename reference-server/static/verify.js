/* Checks a receipt on the phone: hashes the packet and its neighbours up to the published root (reward-core/VERIFYING.md). */
(function () {
  "use strict";
  var receipt = document.getElementById("receipt");
  var button = document.getElementById("check");
  var verdict = document.getElementById("verdict");
  // Without a secure connection a browser has no digests; the receipt can still be saved.
  if (!receipt || !window.crypto || !window.crypto.subtle || !window.TextEncoder) { return; }

  function ascii(text) { return new TextEncoder().encode(text); }
  function bytes(hex) {
    var out = new Uint8Array(hex.length / 2);
    for (var i = 0; i < out.length; i += 1) { out[i] = parseInt(hex.substr(2 * i, 2), 16); }
    return out;
  }
  function hex(data) {
    return Array.prototype.map.call(data, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }
  // A number as big-endian bytes.
  function number(value, size) {
    var out = new Uint8Array(size);
    for (var i = size - 1; i >= 0; i -= 1) { out[i] = value % 256; value = Math.floor(value / 256); }
    return out;
  }
  function sha256(parts) {
    var length = parts.reduce(function (sum, part) { return sum + part.length; }, 0);
    var all = new Uint8Array(length), at = 0;
    parts.forEach(function (part) { all.set(part, at); at += part.length; });
    return window.crypto.subtle.digest("SHA-256", all).then(function (digest) { return new Uint8Array(digest); });
  }

  function root() {
    var lines = {};
    Array.prototype.forEach.call(receipt.querySelectorAll("code"), function (code) {
      var at = code.textContent.indexOf(" ");
      lines[code.textContent.slice(0, at)] = code.textContent.slice(at + 1);
    });
    var packets = Number(receipt.getAttribute("data-packets"));
    var count = Number(receipt.getAttribute("data-days")) * 2 * packets;
    var kind = lines.deck === "top" ? 1 : 0;
    var at = ((Number(lines.day) - 1) * 2 + kind) * packets + Number(lines.sequence);
    var last = count - 1;
    var path = bytes(lines.path);
    var leaf = [number(0, 1), number(Number(lines.day), 1), number(kind, 1), number(Number(lines.sequence), 4),
      number(Number(lines.amount_fen), 8), bytes(lines.salt)];

    function up(value) {
      if (last === 0) {
        if (path.length) { throw new Error("path"); }
        return sha256([ascii("reward-core/plan-root/1\0"), number(count, 4), value]);
      }
      var left = at % 2 === 1, neighbour = null;
      if (left || at < last) { neighbour = path.slice(0, 32); path = path.slice(32); }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
      if (!neighbour) { return up(value); }
      return sha256([number(1, 1)].concat(left ? [neighbour, value] : [value, neighbour])).then(up);
    }
    return sha256(leaf).then(up).then(hex);
  }

  button.hidden = false;
  button.addEventListener("click", function () {
    button.disabled = true;
    root().then(function (found) {
      return found === receipt.getAttribute("data-root");
    }, function () {
      return false;
    }).then(function (fits) {
      button.hidden = true;
      verdict.textContent = fits ? "核验通过：这个红包开赛前就已密封，金额没有改过。"
        : "核验没有通过，请截图保存这一页，并联系工作人员。";
    });
  });
}());
