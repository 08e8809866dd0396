/** The one file that knows the chart library: from a description of a chart to SVG text. */
import { type EChartsCoreOption, init, use } from "echarts/core";
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  SVGRenderer,
]);

export type ChartOption = EChartsCoreOption;

/** `option` drawn at `width` by `height` pixels, as one SVG document without script. */
export function renderChart(option: ChartOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return stillPicture(chart.renderToSVGString({ useViewBox: true }));
  } finally {
    chart.dispose();
  }
}

/** Without what the library leaves for a pointer to play with: style on hover and the marks it needs. */
function stillPicture(svg: string): string {
  return svg.replace(/<style ?>[\s\S]*?<\/style>\s*/g, "")
    .replaceAll(/ (?:class="zr|ecmeta_\w+=")[^"]*"/g, "");
}
