/* Everything on these pages works without this file; page.js stands before it in the same file. */
(function () {
  'use strict';
  var one = page.one, all = page.all, on = page.on, keep = page.keep, kept = page.kept, toast = page.toast;
  function two(n) { return (n < 10 ? '0' : '') + n; }

  /* the countdown runs on the server's clock, which came with the page */
  all('[data-until]').forEach(function (box) {
    var left = Number(box.getAttribute('data-until')) - Number(box.getAttribute('data-now'));
    var began = Date.now(), asked = false;
    function ask() {
      var request = new XMLHttpRequest();
      request.open('GET', '/status');
      request.onloadend = function () {
        if (request.status === 200 && request.responseText !== box.getAttribute('data-phase')) { location.reload(); } else { setTimeout(ask, 2000); }
      };
      request.send();
    }
    function tick() {
      var seconds = Math.ceil((left - (Date.now() - began)) / 1000);
      if (seconds <= 0) {
        if (!asked) { asked = true; box.textContent = '正在开门，请稍候…'; setTimeout(ask, Math.random() * 4000); }
        return;
      }
      var parts = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
      all('b', box).forEach(function (b, i) { b.textContent = i ? two(parts[i]) : parts[i]; });
      setTimeout(tick, 1000);
    }
    tick();
  });

  all('[data-answered]').forEach(function (box) {
    var n = 0;
    try { n = Object.keys(JSON.parse(kept('answers-' + box.getAttribute('data-answered')) || '{}')).length; } catch (e) { n = 0; }
    if (n) { box.textContent = '（已答 ' + n + ' 题）'; }
  });
  all('[data-finished]').forEach(function (box) { keep('answers-' + box.getAttribute('data-finished'), null); });

  /* the envelope: granted and priced on the server before anything moves */
  var claim = one('form.claim');
  on(claim, 'submit', function (event) {
    var layer = one('.dark');
    if (!layer || !window.fetch || !window.Promise) { return; }
    event.preventDefault();
    layer.hidden = false;
    document.body.style.overflow = 'hidden';
    one('.seal', layer).focus();
  });
  var layer = one('.dark');
  if (layer) { envelope(layer); }
  function envelope(layer) {
    var seal = one('.seal', layer), opener = claim && one('button', claim), done = false;
    function close() { layer.hidden = true; document.body.style.overflow = ''; if (done) { location.reload(); } else if (opener) { opener.focus(); } }
    on(one('.close', layer), 'click', close);
    on(document, 'keydown', function (event) {
      if (layer.hidden) { return; }
      if (event.key === 'Escape') { close(); }
      if (event.key === 'Tab') { page.stay(layer, event); }
    });
    on(seal, 'click', function () {
      if (layer.classList.contains('opening') || done) { return; }
      layer.classList.add('opening');
      var wait = new Promise(function (resolve) { setTimeout(resolve, 900); });
      var answer = fetch('/api/v1/claims', {
        method: 'POST', credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', 'Accept': 'application/json' },
        body: JSON.stringify({ attempt_id: claim.getAttribute('data-attempt') })
      }).then(function (response) { return response.json().then(function (body) { return { ok: response.ok, status: response.status, body: body }; }); });
      Promise.all([answer, wait]).then(function (both) { opened(both[0]); }).catch(function () {
        layer.classList.remove('opening');
        toast('网络不太稳定，红包机会已为您保留，请再点一次');
      });
    });
    function opened(answer) {
      if (answer.status === 401) { location.href = '/login?next=' + encodeURIComponent(location.pathname); return; }
      if (answer.status >= 500 || answer.status === 429) { layer.classList.remove('opening'); toast(answer.body.title || '网络不太稳定，红包机会已为您保留，请再点一次'); return; }
      var card = one('.env-card', layer), after = one('.env-after', layer), text = one('p', after), say = one('.say', layer);
      done = true;
      if (answer.ok) {
        one('b', card).innerHTML = '<small>¥</small>';
        one('b', card).appendChild(document.createTextNode(answer.body.amount_yuan));
        one('.from', card).textContent = '与信用同行 · ' + answer.body.city_name;
        one('.state', card).textContent = answer.body.state_title;
        text.textContent = answer.body.state_detail;
        one('.mine', after).href = '/packet/' + encodeURIComponent(answer.body.award);
        say.textContent = '恭喜，获得红包 ' + answer.body.amount_yuan + ' 元';
      } else {
        one('b', card).textContent = '';
        one('.from', card).textContent = answer.body.title;
        one('.state', card).textContent = answer.body.detail || '';
        text.textContent = '';
        one('.bits', layer).hidden = true;
        say.textContent = answer.body.title;
      }
      layer.classList.remove('opening');
      layer.classList.add('opened');
      setTimeout(function () { one('.mine', after).focus(); }, 1500);
    }
  }

  /* poster and certificate are drawn with the phone's own fonts */
  var w = 750;
  var font = '"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif';
  function blank(h) {
    var canvas = document.createElement('canvas'), g = canvas.getContext('2d');
    canvas.width = w; canvas.height = h;
    g.textAlign = 'center';
    return g;
  }
  function line(g, text, y, size, colour, weight) {
    do { g.font = (weight || 400) + ' ' + size + 'px ' + font; size -= 2; } while (size > 12 && g.measureText(text).width > w - 100);
    g.fillStyle = colour; g.fillText(text, w / 2, y);
  }
  function rays(g, y, colour) {
    g.fillStyle = colour;
    for (var i = 0; i < 12; i += 1) { g.beginPath(); g.moveTo(w / 2, y); g.arc(w / 2, y, 900, i * Math.PI / 6, i * Math.PI / 6 + 0.24); g.closePath(); g.fill(); }
  }
  function picture(g, box) {
    var img = new Image();
    img.className = 'poster-img'; img.alt = box.getAttribute('data-alt'); img.src = g.canvas.toDataURL('image/png');
    box.parentNode.insertBefore(img, box); box.hidden = true;
  }
  var draws = !!document.createElement('canvas').getContext;
  var poster = one('[data-poster]'), certificate = one('[data-certificate]');
  if (poster && draws) { drawPoster(poster); }
  if (certificate && draws) { drawCertificate(certificate); }
  function drawPoster(box) {
    var h = 1150, g = blank(h), red = g.createLinearGradient(0, 0, 0, h);
    red.addColorStop(0, '#8e0c12'); red.addColorStop(0.55, '#c4161c'); red.addColorStop(1, '#a00f15');
    g.fillStyle = red; g.fillRect(0, 0, w, h);
    rays(g, 470, 'rgba(255,220,170,.07)');
    line(g, box.getAttribute('data-over'), 120, 32, '#ffe9c0');
    line(g, '与信用同行', 220, 82, '#ffe9bf', 700);
    line(g, '筑梦新时代', 322, 82, '#ffe9bf', 700);
    line(g, box.getAttribute('data-city'), 396, 34, '#ffe9c0');
    var rows = box.getAttribute('data-modules').split(','), n = rows.length, cell = Math.floor(370 / n), side = cell * n, x = Math.floor((w - side) / 2), y = 480;
    g.fillStyle = '#fff'; g.fillRect(x - 32, y - 32, side + 64, side + 64);
    g.fillStyle = '#000';
    rows.forEach(function (row, r) { for (var c = 0; c < n; c += 1) { if (row.charAt(c) === '1') { g.fillRect(x + c * cell, y + r * cell, cell, cell); } } });
    line(g, '长按识别二维码', 990, 40, '#fff', 700);
    line(g, box.getAttribute('data-call'), 1050, 34, '#ffe9c0');
    picture(g, box);
  }
  function drawCertificate(box) {
    var h = 1000, g = blank(h);
    g.fillStyle = '#fff8ea'; g.fillRect(0, 0, w, h);
    rays(g, 520, 'rgba(196,22,28,.035)');
    g.strokeStyle = '#b3121b'; g.lineWidth = 8; g.strokeRect(28, 28, w - 56, h - 56);
    g.strokeStyle = '#e0b25a'; g.lineWidth = 3; g.strokeRect(44, 44, w - 88, h - 88);
    line(g, box.getAttribute('data-over'), 150, 34, '#6a2400');
    line(g, '学习证书', 290, 96, '#b3121b', 700);
    box.getAttribute('data-lines').split('|').forEach(function (text, i) { line(g, text, 460 + i * 90, i ? 52 : 42, '#231815', i ? 700 : 400); });
    line(g, '与信用同行  筑梦新时代', 740, 40, '#8e0c12', 700);
    line(g, '知信 · 用信 · 守信', 800, 30, '#6a2400');
    line(g, box.getAttribute('data-day'), 900, 30, '#6b5b53');
    picture(g, box);
  }

  all('[data-opens]').forEach(function (opener) {
    var sheet = page.sheet(document.getElementById(opener.getAttribute('data-opens')), opener);
    on(opener, 'click', function (event) { event.preventDefault(); sheet.open(); });
  });
  /* WeChat asks in its own window, which only its own button opens */
  function offerReminder(box) {
    var tag = document.createElement('wx-open-subscribe');
    tag.setAttribute('template', box.getAttribute('data-template'));
    tag.innerHTML = '<script type="text/wxtag-template"><button style="width:100%;height:50px;border:0;border-radius:10px;background:#c4161c;color:#fff;font-size:18px">同意提醒一次</button></script>';
    on(tag, 'success', function () { box.hidden = true; toast('好的，新机会到账时提醒您一次'); });
    on(tag, 'error', function () { toast('没有开启提醒，不影响答题'); });
    one('.agree', box).appendChild(tag);
    one('[data-opens=reminder]').hidden = false;
  }

  /* inside WeChat the share card gets the contest's own title; if that fails nothing changes */
  var share = one('[data-share]');
  if (share && /MicroMessenger/i.test(navigator.userAgent)) {
    var sdk = document.createElement('script');
    sdk.src = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
    sdk.onload = function () {
      var request = new XMLHttpRequest();
      request.open('GET', '/share-signature?url=' + encodeURIComponent(location.href.split('#')[0]));
      request.onload = function () {
        if (request.status !== 200 || !window.wx) { return; }
        var config = JSON.parse(request.responseText);
        config.jsApiList = ['updateAppMessageShareData', 'updateTimelineShareData'];
        config.openTagList = ['wx-open-subscribe'];
        window.wx.config(config);
        window.wx.ready(function () {
          var card = { title: share.getAttribute('data-share'), desc: share.getAttribute('data-line'), link: location.origin + '/', imgUrl: location.origin + share.getAttribute('data-icon') };
          if (one('#reminder .agree')) { offerReminder(one('#reminder')); }
          window.wx.updateAppMessageShareData(card); window.wx.updateTimelineShareData(card);
        });
      };
      request.send();
    };
    document.body.appendChild(sdk);
  }

  /* a packet page follows its payment */
  var pending = one('[data-packet-state]');
  if (pending) { followPacket(pending, 0); }
  function followPacket(box, tries) {
    if (tries > 20) { return; }
    setTimeout(function () {
      if (document.hidden) { followPacket(box, tries); return; }
      var request = new XMLHttpRequest();
      request.open('GET', box.getAttribute('data-packet-href'));
      request.onloadend = function () {
        var fresh = request.status === 200 && /data-packet-state="([a-z-]+)"/.exec(request.responseText);
        if (fresh && fresh[1] !== box.getAttribute('data-packet-state')) { location.reload(); } else { followPacket(box, tries + 1); }
      };
      request.send();
    }, 1500 + tries * 1000);
  }
}());
