/* Everything on these pages works without this file. */
(function () {
  'use strict';
  var html = document.documentElement;
  html.classList.add('js');
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

  /* one question at a time, answers kept on the phone */
  var quiz = one('.quiz');
  if (quiz) { startQuiz(quiz); }
  function startQuiz(form) {
    var key = 'answers-' + form.getAttribute('data-attempt');
    var items = all('.item', form), segs = all('.segs li'), now = 0;
    var back = one('.back', form), next = one('.on', form), sheet = one('.sheet'), saved = one('.saved');
    var answers = {};
    try { answers = JSON.parse(kept(key) || '{}'); } catch (e) { answers = {}; }
    /* only the newest paper is kept */
    try { Object.keys(localStorage).forEach(function (k) { if (/^answers-/.test(k) && k !== key) { keep(k, null); } }); } catch (e) { answers = answers || {}; }
    items.forEach(function (item, i) {
      var letter = answers[i + 1];
      if (letter && /^[A-F]$/.test(letter)) { var box = one('input[value="' + letter + '"]', item); if (box) { box.checked = true; } }
    });
    function collect() { items.forEach(function (item, i) { var box = one('input:checked', item); if (box) { answers[i + 1] = box.value; } }); }
    collect();
    function open() { return items.map(function (item, i) { return one('input:checked', item) ? -1 : i; }).filter(function (i) { return i >= 0; }); }
    function show(to, focus) {
      now = to;
      items.forEach(function (item, i) { item.classList.toggle('now', i === now); });
      draw();
      if (focus) { var head = one('legend', items[now]); head.setAttribute('tabindex', '-1'); head.focus(); window.scrollTo(0, 0); }
    }
    function draw() {
      var left = open();
      segs.forEach(function (seg, i) { seg.className = i === now ? 'now' : (left.indexOf(i) < 0 ? 'done' : ''); });
      all('.grid button').forEach(function (b, i) {
        var done = left.indexOf(i) < 0;
        b.className = done ? 'done' : '';
        b.setAttribute('aria-label', '第 ' + (i + 1) + ' 题，' + (done ? '已答' : '未答'));
      });
      one('.at').textContent = now + 1;
      back.disabled = now === 0;
      var last = now === items.length - 1;
      if (sending) { return; }
      next.textContent = !last ? '下一题' : (left.length ? '还有 ' + left.length + ' 题未答' : '交卷');
    }
    on(form, 'change', function () {
      collect();
      saved.textContent = keep(key, JSON.stringify(answers)) ? (navigator.onLine === false ? '网络不稳，已存手机里' : '已自动保存') : '请勿关闭本页';
      draw();
    });
    on(back, 'click', function () { if (now) { show(now - 1, true); } });
    on(next, 'click', function (event) {
      var left = open();
      if (now < items.length - 1) { event.preventDefault(); show(now + 1, true); } else if (left.length) { event.preventDefault(); show(left[0], true); }
    });
    /* handed in over and over until an answer comes; the server counts a paper once */
    var sending = false, waiting = null;
    on(form, 'submit', function (event) {
      if (!window.fetch || !window.Promise) { setTimeout(function () { next.disabled = true; next.textContent = '正在交卷…'; }, 0); return; }
      event.preventDefault();
      if (!sending) { sending = true; next.disabled = true; next.textContent = '正在交卷…'; send(0); }
    });
    on(window, 'online', function () { if (waiting) { clearTimeout(waiting.timer); waiting.act(); } });
    function again(tries, seconds) {
      var act = function () { waiting = null; send(tries + 1); };
      waiting = { act: act, timer: setTimeout(act, seconds * 1000) };
    }
    function send(tries) {
      fetch('/api/v1/attempts/' + form.getAttribute('data-token') + '/submission', {
        method: 'POST', credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', 'Accept': 'application/json' },
        body: JSON.stringify({ answers: answers })
      }).then(function (response) {
        if (response.ok) { location.replace('/result/' + form.getAttribute('data-attempt')); return; }
        if (response.status === 401) { location.href = '/login?next=' + encodeURIComponent(location.pathname); return; }
        if (response.status !== 429 && response.status < 500) { HTMLFormElement.prototype.submit.call(form); return; }
        var seconds = Number(response.headers.get('Retry-After')) || 10;
        toast(response.status === 429 ? '您点得太快了，' + seconds + ' 秒后自动交卷，答案没有丢' : '人有点多，' + seconds + ' 秒后自动再交一次，答案没有丢');
        again(tries, seconds);
      }, function () {
        saved.textContent = '网络不稳，已存手机里';
        toast('网络不太稳定，正在重试…');
        again(tries, Math.min(2 + tries * 2, 15));
      });
    }
    /* a page from the phone's memory may be handed in already */
    on(window, 'pageshow', function (event) { if (event.persisted) { location.reload(); } });
    on(document, 'keydown', function (event) {
      var n = 'abcdef'.indexOf((event.key || '').toLowerCase());
      if (n >= 0 && !event.ctrlKey && !event.metaKey && !event.altKey && sheet.hidden) { var box = all('input', items[now])[n]; if (box) { box.click(); box.focus(); } }
      if (event.key === 'Escape') { closeSheet(); }
    });
    var opener = one('.quizhead .pill');
    function closeSheet() { if (!sheet.hidden) { sheet.hidden = true; opener.focus(); } }
    on(opener, 'click', function () { sheet.hidden = false; one('.grid button', sheet).focus(); });
    on(sheet, 'click', function (event) {
      var button = event.target.closest('button[data-to]');
      if (button) { sheet.hidden = true; show(Number(button.getAttribute('data-to')), true); } else if (event.target === sheet || event.target.closest('.shut')) { closeSheet(); }
    });
    all('button.early', sheet).forEach(function (b) { on(b, 'click', function () { sheet.hidden = true; }); });
    back.type = 'button'; back.hidden = false;
    var first = open()[0];
    show(Object.keys(answers).length && first !== undefined ? first : 0, false);
  }
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
      if (event.key === 'Tab') {
        var stops = all('button, a[href]', layer).filter(function (n) { return n.offsetParent !== null && getComputedStyle(n).visibility !== 'hidden'; });
        var at = stops.indexOf(document.activeElement);
        event.preventDefault();
        stops[(at + (event.shiftKey ? stops.length - 1 : 1)) % stops.length].focus();
      }
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
  function sheet(h) {
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
    var h = 1150, g = sheet(h), red = g.createLinearGradient(0, 0, 0, h);
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
    var h = 1000, g = sheet(h);
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

  /* a half-screen sheet */
  all('[data-opens]').forEach(function (opener) {
    var box = document.getElementById(opener.getAttribute('data-opens'));
    function close() { if (!box.hidden) { box.hidden = true; opener.focus(); } }
    on(opener, 'click', function () { box.hidden = false; one('.shut', box).focus(); });
    on(box, 'click', function (event) { if (event.target === box || event.target.closest('.shut')) { close(); } });
    on(document, 'keydown', function (event) { if (event.key === 'Escape') { close(); } });
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
