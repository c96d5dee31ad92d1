// The console with script on: copy buttons, a city switch without its button.
"use strict";
document.documentElement.classList.add("js");
document.addEventListener("click", function (event) {
  const button = event.target.closest("[data-copy]");
  if (!button) { return; }
  navigator.clipboard.writeText(button.dataset.copy).then(function () {
    button.textContent = "已复制";
  });
});
document.addEventListener("change", function (event) {
  if (event.target.matches("[data-submits]")) { event.target.form.submit(); }
});
