/** Draws the plots of a backtest's report; runs in the browser, beside uPlot, on the JSON in the page. */
const { levels, services } = JSON.parse(document.getElementById('data').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#c9d1d9' : '#24292f'
const grid = dark ? '#30363d' : '#d8dee4'
const COLOURS = [
  '#0969da',
  '#cf222e',
  '#1a7f37',
  '#9a6700',
  '#8250df',
  '#bf3989',
  '#57606a',
  '#0550ae',
]
const axis = (label, more = {}) => ({
  label,
  stroke: ink,
  grid: { stroke: grid, width: 1 },
  ticks: { stroke: grid },
  ...more,
})
const width = () => Math.min(document.querySelector('main').clientWidth, 1100)

function draw(id, options, data) {
  const place = document.getElementById(id)
  const chart = new uPlot({ width: width(), height: 260, ...options }, data, place)
  addEventListener('resize', () => chart.setSize({ width: width(), height: 260 }))
}

services.forEach((service, i) => {
  const [low, median, high] = service.bands
  draw(
    `load-${i}`,
    {
      cursor: { drag: { x: true, y: false } },
      axes: [axis(), axis('load')],
      bands: [{ series: [4, 2], fill: dark ? 'rgb(56 139 253 / 0.3)' : 'rgb(9 105 218 / 0.2)' }],
      series: [
        {},
        { label: 'load', stroke: ink, width: 1, points: { show: false } },
        { label: '5 %', stroke: 'transparent', points: { show: false } },
        { label: 'median', stroke: '#0969da', width: 1.5, points: { show: false } },
        { label: '95 %', stroke: 'transparent', points: { show: false } },
      ],
    },
    [service.times, service.load, low, median, high],
  )
  draw(
    `loss-${i}`,
    {
      scales: { x: { time: false } },
      axes: [
        axis('steps ahead', { splits: () => service.horizons, values: (_, v) => v.map(String) }),
        axis('SPL'),
      ],
      series: [
        { label: 'to' },
        ...service.entrants.map(({ entrant }, j) => ({
          label: entrant,
          stroke: COLOURS[j % COLOURS.length],
          width: entrant === 'ensemble' ? 2.5 : 1.2,
        })),
      ],
    },
    [service.horizons, ...service.entrants.map(({ spl }) => spl)],
  )
  const known = service.calibration
    .map((shares, h) => ({ shares, h }))
    .filter(({ shares }) => shares)
  draw(
    `calibration-${i}`,
    {
      scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
      axes: [axis('quantile'), axis('share under it')],
      series: [
        { label: 'quantile' },
        { label: 'calibrated', stroke: grid, width: 2, points: { show: false } },
        ...known.map(({ h }) => ({
          label: `to ${service.horizons[h]}`,
          stroke: COLOURS[h % COLOURS.length],
          width: 1.5,
        })),
      ],
    },
    [levels, levels, ...known.map(({ shares }) => shares)],
  )
})
