/* The packet's page says what to do without this file; inside WeChat a button opens WeChat's own confirm page. */
(function () {
  'use strict';
  var box = document.querySelector('[data-confirm]');
  if (!box) { return; }
  var button = box.querySelector('button'), say = box.querySelector('p'), busy = false;
  var api = 'requestMerchantTransfer';
  var call = { mchId: box.getAttribute('data-mch'), appId: box.getAttribute('data-app'), package: box.getAttribute('data-package') };
  function tell(text) { say.textContent = text; }
  function free() { busy = false; button.disabled = false; }
  function show() { button.hidden = false; }
  function whenBridged(act) {
    if (window.WeixinJSBridge) { act(); } else { document.addEventListener('WeixinJSBridgeReady', act); }
  }
  /* an old WeChat says that it does not know the call; one that cannot say is simply tried */
  function check(act) {
    if (!window.wx || !window.wx.checkJsApi) { act(true); return; }
    window.wx.checkJsApi({
      jsApiList: [api],
      success: function (result) { act(!result.checkResult || result.checkResult[api] !== false); },
      fail: function () { act(true); }
    });
  }
  function answered(result) {
    var message = (result && result.err_msg) || '';
    free();
    if (/:ok$/.test(message)) {
      /* shown, not paid: the page looks again and says what WeChat says */
      tell('正在到账，请稍候…');
      setTimeout(function () { location.reload(); }, 5500);
    } else if (/cancel/.test(message)) {
      tell('还没有确认，可以再点一次。');
    } else {
      tell('没能打开确认页，请再点一次；还是不行，请先更新微信。');
    }
  }
  button.addEventListener('click', function () {
    if (busy) { return; }
    busy = true;
    button.disabled = true;
    check(function (able) {
      if (!able) { free(); tell('您的微信版本较低，请更新微信后再点“去微信确认收款”。'); return; }
      window.WeixinJSBridge.invoke(api, call, answered);
    });
  });
  /* whoever comes back from WeChat's page without an answer can press again */
  document.addEventListener('visibilitychange', function () { if (!document.hidden) { free(); } });
  window.addEventListener('pageshow', free);
  whenBridged(show);
  if (!/MicroMessenger/i.test(navigator.userAgent) || window.wx) { return; }
  var sdk = document.createElement('script');
  sdk.src = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
  sdk.onload = function () {
    var request = new XMLHttpRequest();
    request.open('GET', '/share-signature?url=' + encodeURIComponent(location.href.split('#')[0]));
    request.onload = function () {
      if (request.status !== 200 || !window.wx) { return; }
      var config = JSON.parse(request.responseText);
      config.jsApiList = [api];
      window.wx.config(config);
    };
    request.send();
  };
  document.body.appendChild(sdk);
}());
