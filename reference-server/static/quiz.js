/* A paper: one question at a time, answers kept on the phone. Stands in the page itself, after page.js, so that a paper needs no second answer; without it the paper is one long form. */
document.addEventListener('DOMContentLoaded', function () {
  'use strict';
  var one = page.one, all = page.all, on = page.on, keep = page.keep, kept = page.kept, toast = page.toast;
  var form = one('.quiz');
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
    saved.textContent = keep(key, JSON.stringify(answers)) ? (navigator.onLine === false ? '网络不稳，答案已存在手机里' : '已自动保存') : '请勿关闭本页';
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
      saved.textContent = '网络不稳，答案已存在手机里';
      toast('网络不太稳定，正在重试…');
      again(tries, Math.min(2 + tries * 2, 15));
    });
  }
  /* a page from the phone's memory may be handed in already */
  on(window, 'pageshow', function (event) { if (event.persisted) { location.reload(); } });
  on(document, 'keydown', function (event) {
    var n = 'abcdef'.indexOf((event.key || '').toLowerCase());
    if (n >= 0 && !event.ctrlKey && !event.metaKey && !event.altKey && sheet.hidden) { var box = all('input', items[now])[n]; if (box) { box.click(); box.focus(); } }
  });
  var opener = one('.quizhead .pill'), answerSheet = page.sheet(sheet, opener);
  on(opener, 'click', function () { answerSheet.open(); one('.grid button', sheet).focus(); });
  on(sheet, 'click', function (event) {
    var button = event.target.closest('button[data-to]');
    if (button) { sheet.hidden = true; show(Number(button.getAttribute('data-to')), true); }
  });
  all('button.early', sheet).forEach(function (b) { on(b, 'click', function () { sheet.hidden = true; }); });
  back.type = 'button'; back.hidden = false;
  var first = open()[0];
  show(Object.keys(answers).length && first !== undefined ? first : 0, false);
  /* the result needs files that this page does without: they are there before it */
  on(window, 'load', function () {
    form.getAttribute('data-files').split(' ').forEach(function (file) {
      var request = new XMLHttpRequest();
      request.open('GET', file);
      request.send();
    });
  });
});
