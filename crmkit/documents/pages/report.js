(function () {
  "use strict";
  var PAPER = { width: 680, height: 0.88 };
  var plots = Array.prototype.slice.call(document.querySelectorAll(".plot"));

  function spec(plot) {
    return JSON.parse(document.getElementById(plot.id + "-data").textContent);
  }

  function draw(plot) {
    var drawn = spec(plot);
    Plotly.newPlot(plot, drawn.data, drawn.layout, drawn.config);
  }

  function toPaper(plot) {
    var height = Math.round(spec(plot).layout.height * PAPER.height);
    plot.style.minHeight = height + "px";
    Plotly.relayout(plot, { width: PAPER.width, height: height, autosize: false });
  }

  function toScreen(plot) {
    var height = spec(plot).layout.height;
    plot.style.minHeight = height + "px";
    Plotly.relayout(plot, { width: null, height: height, autosize: true });
  }

  plots.forEach(draw);
  window.addEventListener("beforeprint", function () { plots.forEach(toPaper); });
  window.addEventListener("afterprint", function () { plots.forEach(toScreen); });
})();
