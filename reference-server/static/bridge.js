/* In a demo: what WeChat's own browser puts into a page, as far as the contest calls it. */
(function () {
  'use strict';
  var bar = document.querySelector('[data-holder]');
  function confirmPage(call, answer) {
    var page = document.createElement('div'), card = document.createElement('div'), words = document.createElement('p');
    function leave(word) { page.parentNode.removeChild(page); answer({ err_msg: 'requestMerchantTransfer:' + word }); }
    function button(text, kind, act) {
      var made = document.createElement('button');
      made.type = 'button'; made.className = 'btn ' + kind; made.textContent = text;
      made.addEventListener('click', act);
      card.appendChild(made);
      return made;
    }
    page.className = 'sheet'; page.setAttribute('role', 'dialog'); page.setAttribute('aria-label', '模拟微信：确认收款');
    card.className = 'wrap'; words.textContent = '模拟微信：确认收下这笔转账？';
    card.appendChild(words); page.appendChild(card);
    var yes = button('确认', 'btn-gold', function () {
      yes.disabled = true;
      var request = new XMLHttpRequest();
      request.open('POST', '/simulator/api/people/' + encodeURIComponent(bar.getAttribute('data-holder')) + '/confirm');
      request.setRequestHeader('Content-Type', 'application/json');
      request.onloadend = function () { leave(request.status === 200 ? 'ok' : 'fail'); };
      request.send(JSON.stringify({ package_info: call.package }));
    });
    button('取消', 'btn-line', function () { leave('cancel'); });
    document.body.appendChild(page);
    yes.focus();
  }
  window.WeixinJSBridge = {
    invoke: function (name, call, answer) {
      if (name === 'requestMerchantTransfer' && bar) { confirmPage(call, answer); } else { answer({ err_msg: name + ':fail' }); }
    }
  };
}());
