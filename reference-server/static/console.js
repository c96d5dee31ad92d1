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
// A bulletin's picture leaves as PNG, which work groups show; without script it is the drawing itself.
document.addEventListener("click", function (event) {
  const link = event.target.closest("[data-picture]");
  if (!link) { return; }
  event.preventDefault();
  const drawing = new Image();
  drawing.onload = function () {
    const canvas = document.createElement("canvas");
    canvas.width = drawing.naturalWidth;
    canvas.height = drawing.naturalHeight;
    canvas.getContext("2d").drawImage(drawing, 0, 0);
    canvas.toBlob(function (blob) {
      const save = document.createElement("a");
      save.href = URL.createObjectURL(blob);
      save.download = link.dataset.picture;
      save.click();
      URL.revokeObjectURL(save.href);
    }, "image/png");
  };
  drawing.onerror = function () { window.location.href = link.href; };
  drawing.src = link.href;
});
document.addEventListener("change", function (event) {
  if (event.target.matches("[data-submits]")) { event.target.form.submit(); }
});

// The overview keeps itself up to date; while something in it has the focus, it stands still.
const live = document.querySelector("[data-live]");
if (live) {
  const pulse = document.querySelector("[data-pulse]");
  const tell = function (isOn, words) {
    pulse.classList.toggle("on", isOn);
    if (pulse.textContent !== words) { pulse.textContent = words; }
  };
  const source = new EventSource(live.dataset.live);
  source.addEventListener("live", function (event) {
    tell(true, "实时");
    if (live.contains(document.activeElement)) { return; }
    const open = Array.from(live.querySelectorAll("details[open]"), function (one) { return one.dataset.keep; });
    live.innerHTML = event.data;
    open.forEach(function (name) {
      const one = live.querySelector("details[data-keep=\"" + name + "\"]");
      if (one) { one.open = true; }
    });
  });
  source.addEventListener("error", function () { tell(false, "已断开，5 秒后重连"); });
}
