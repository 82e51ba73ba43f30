/** Draws the plots of a what-if report; runs in the browser, beside uPlot, on the JSON in the page. */
const { times, services, frontier } = JSON.parse(document.getElementById('data').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#c9d1d9' : '#24292f'
const grid = dark ? '#30363d' : '#d8dee4'
const grey = dark ? '#8b949e' : '#57606a'
const COLOURS = dark
  ? { 'present rule': '#ff7b72', forescale: '#58a6ff', baseline: '#d29922' }
  : { 'present rule': '#cf222e', forescale: '#0969da', baseline: '#9a6700' }
const NAMES = { forescale: 'Forescale' }
const DAY = '{YYYY}-{MM}-{DD}'
const TIMES = [
  [86400, DAY, ...Array(6).fill(null), 1],
  [60, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, ...Array(3).fill(null), 1],
]
const HEIGHT = 300
/** Nothing violated is drawn here: a logarithm has no zero. */
const FINEST = 1e-6

const axis = (more = {}) => ({
  stroke: ink,
  grid: { stroke: grid, width: 1 },
  ticks: { stroke: grid },
  labelSize: 22,
  labelFont: '13px system-ui, sans-serif',
  ...more,
})

function draw(id, options, data) {
  const place = document.getElementById(id)
  const size = () => ({ width: place.clientWidth, height: HEIGHT })
  const chart = new uPlot({ ...size(), ...options }, data, place)
  addEventListener('resize', () => chart.setSize(size()))
}

function drawTrace({ load, arms }, i) {
  const points = { show: false }
  draw(
    `trace-${i}`,
    {
      cursor: { drag: { x: true, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), 'UTC'),
      scales: { load: {}, replicas: { range: (_, __, most) => [0, Math.max(1, 1.1 * most)] } },
      axes: [
        axis({ label: 'UTC', values: TIMES, space: 90 }),
        axis({ label: 'requests/s', scale: 'load', size: 64 }),
        axis({ label: 'replicas', scale: 'replicas', side: 1, grid: { show: false } }),
      ],
      series: [
        { label: 'time', value: `${DAY} {HH}:{mm}` },
        { label: 'load', scale: 'load', stroke: grey, width: 1, points },
        ...arms.map(({ label }) => ({
          label: NAMES[label] ?? label,
          scale: 'replicas',
          stroke: COLOURS[label],
          width: 1.5,
          paths: uPlot.paths.stepped({ align: 1 }),
          points,
        })),
      ],
    },
    [times, load, ...arms.map(({ ready }) => ready)],
  )
}

/** Kinds of points over one axis of costs; uPlot wants its x in order. */
function drawFrontier({ present, tuned, forescale }) {
  const kinds = [
    { label: 'present rule', colour: COLOURS['present rule'], size: 12, points: [present] },
    { label: 'present rule, other targets', colour: COLOURS.baseline, size: 7, points: tuned },
    { label: 'Forescale', colour: COLOURS.forescale, size: 7, points: forescale },
  ]
  const costs = [...new Set(kinds.flatMap(({ points }) => points.map(({ cost }) => cost)))]
  costs.sort((a, b) => a - b)
  const columns = kinds.map(({ points }) =>
    costs.map((cost) => {
      const ratios = points.filter((p) => p.cost === cost).map((p) => p.violationRatio)
      return ratios.length === 0 ? null : 100 * Math.max(FINEST, Math.min(...ratios))
    }),
  )
  const span = costs.at(-1) - costs[0] || costs[0] || 1
  draw(
    'frontier',
    {
      scales: {
        x: { time: false, range: [costs[0] - 0.05 * span, costs.at(-1) + 0.05 * span] },
        y: { distr: 3 },
      },
      axes: [axis({ label: '$/hour' }), axis({ label: 'outside the SLO, %', size: 80 })],
      series: [
        { label: '$/hour' },
        ...kinds.map(({ label, colour, size }) => ({
          label,
          stroke: colour,
          paths: () => null,
          points: { show: true, size, fill: colour },
        })),
      ],
    },
    [costs, ...columns],
  )
}

services.forEach(drawTrace)
if (frontier !== null) drawFrontier(frontier)
