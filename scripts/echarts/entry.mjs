// What of ECharts the charts use. `sh scripts/echarts/build` makes the file that is carried from it.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, GraphChart, LineChart, SankeyChart, ScatterChart } from "echarts/charts";
import { AriaComponent, AxisPointerComponent, GridComponent, TooltipComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
echarts.use([BarChart, CustomChart, GraphChart, LineChart, SankeyChart, ScatterChart, AriaComponent, AxisPointerComponent, GridComponent, TooltipComponent, LabelLayout, SVGRenderer]);
export { init, version } from "echarts/core";
