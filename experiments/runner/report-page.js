/** Draws the plots of an experiment's report; runs in the browser, beside uPlot, on the JSON in the page. */
const datasets = JSON.parse(document.getElementById('data').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#c9d1d9' : '#24292f'
const grid = dark ? '#30363d' : '#d8dee4'
const grey = dark ? '#8b949e' : '#57606a'
const shade = dark ? 'rgb(88 166 255 / 0.18)' : 'rgb(9 105 218 / 0.10)'
const band = dark ? 'rgb(88 166 255 / 0.35)' : 'rgb(9 105 218 / 0.25)'
const COLOURS = dark
  ? ['#58a6ff', '#ff7b72', '#3fb950', '#d29922', '#bc8cff', '#f778ba', '#39c5cf', '#ffa657']
  : ['#0969da', '#cf222e', '#1a7f37', '#9a6700', '#8250df', '#bf3989', '#1b7c83', '#bc4c00']
const HEIGHT = 300
const DAY = '{YYYY}-{MM}-{DD}'
const TIMES = [
  [86400, DAY, ...Array(6).fill(null), 1],
  [60, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, ...Array(3).fill(null), 1],
]

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

const colourOf = (i, { seesFuture }) => (seesFuture ? grey : COLOURS[i % COLOURS.length])

function drawFrontier({ violations, frontiers, reference }, i) {
  const known = frontiers.flatMap(({ costs }) => costs.filter((cost) => cost !== null))
  const most = 1.05 * Math.max(...known)
  const ours = frontiers.findIndex(({ arm }) => arm === reference)
  draw(
    `frontier-${i}`,
    {
      legend: { live: false },
      scales: { x: { time: false, distr: 3 }, y: { range: [0, most] } },
      axes: [
        axis({
          label: 'violating share of requests (0 is shown at one in a million)',
          size: 40,
          values: (_, splits) =>
            splits.map((v) => (v === null ? '' : `${+(100 * v).toPrecision(2)} %`)),
        }),
        axis({ label: 'cost, $/h', size: 64 }),
      ],
      bands: [{ series: [frontiers.length + 1, ours + 1], fill: shade }],
      series: [
        { label: 'violating' },
        ...frontiers.map((frontier, k) => ({
          label: frontier.seesFuture ? `${frontier.arm} (sees the future)` : frontier.arm,
          stroke: colourOf(k, frontier),
          width: frontier.arm === reference ? 3 : 1.3,
          ...(frontier.seesFuture ? { dash: [6, 4] } : {}),
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: true, size: 5, filter: () => frontier.marks },
        })),
        { label: `no better than ${reference}`, stroke: shade, width: 0, points: { show: false } },
      ],
    },
    [
      violations,
      ...frontiers.map(({ costs }) => costs),
      frontiers[ours].costs.map((cost) => (cost === null ? null : most)),
    ],
  )
}

const timesOf = ({ startMs, stepMs, costPerHour }) =>
  costPerHour.map((_, k) => (startMs + k * stepMs) / 1000)
const utc = { tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), 'UTC') }
const timeSeries = { label: 'time', value: `${DAY} {HH}:{mm}` }

function drawCourse({ courses }, i) {
  const [first] = courses
  const { service, low, high, load } = first.services[0]
  draw(
    `course-${i}`,
    {
      ...utc,
      cursor: { drag: { x: true, y: false } },
      scales: { load: { range: (_, __, most) => [0, most] } },
      axes: [
        axis({ label: 'UTC', values: TIMES, space: 90 }),
        axis({ label: `replicas of ${service}`, size: 60 }),
        axis({ label: 'requests/s', scale: 'load', side: 1, size: 60, grid: { show: false } }),
      ],
      bands: [{ series: [3, 2], fill: band }],
      series: [
        timeSeries,
        { label: 'load', scale: 'load', stroke: grey, width: 1, points: { show: false } },
        { label: 'least', stroke: band, width: 0.5, points: { show: false } },
        { label: 'most', stroke: band, width: 0.5, points: { show: false } },
        ...courses.map(({ arm }, k) => ({
          label: arm,
          stroke: COLOURS[k % COLOURS.length],
          width: k === 0 ? 2 : 1.2,
          points: { show: false },
        })),
      ],
    },
    [timesOf(first), load, low, high, ...courses.map((course) => course.services[0].ready)],
  )
}

/** Of the first controller that forecasts: the others foresee the same load. */
function drawForecast({ courses }, i) {
  const k = courses.findIndex(({ services: [first] }) => first.forecast !== undefined)
  if (k < 0) {
    document.getElementById(`forecast-${i}`).textContent = 'None of these controllers forecasts.'
    return
  }
  const { arm, services } = courses[k]
  const { service, load, forecast } = services[0]
  const edge = (label) => ({ label, stroke: band, width: 0.5, points: { show: false } })
  draw(
    `forecast-${i}`,
    {
      ...utc,
      scales: { y: { range: (_, __, most) => [0, most] } },
      axes: [
        axis({ label: 'UTC', values: TIMES, space: 90 }),
        axis({ label: `requests/s of ${service}`, size: 64 }),
      ],
      bands: [{ series: [4, 3], fill: band }],
      series: [
        timeSeries,
        { label: 'load', stroke: grey, width: 1.2, points: { show: false } },
        { label: `median, ${arm}`, stroke: COLOURS[k], width: 1.5, points: { show: false } },
        edge('5 %'),
        edge('95 %'),
      ],
    },
    [timesOf(courses[k]), load, forecast.median, forecast.low, forecast.high],
  )
}

function drawMoney({ courses, costBudgetPerHour }, i) {
  const times = timesOf(courses[0])
  draw(
    `money-${i}`,
    {
      ...utc,
      axes: [axis({ values: TIMES, space: 90 }), axis({ label: '$/h', size: 64 })],
      series: [
        timeSeries,
        { label: 'budget', stroke: ink, dash: [4, 4], width: 1, points: { show: false } },
        ...courses.map(({ arm }, k) => ({
          label: arm,
          stroke: COLOURS[k % COLOURS.length],
          width: k === 0 ? 2 : 1.2,
          points: { show: false },
        })),
      ],
    },
    [times, times.map(() => costBudgetPerHour), ...courses.map(({ costPerHour }) => costPerHour)],
  )
}

function drawPrice({ courses }, i) {
  const priced = courses.filter(({ shadowPrice }) => shadowPrice !== undefined)
  if (priced.length === 0) {
    document.getElementById(`price-${i}`).textContent = 'None of these controllers knows a price.'
    return
  }
  draw(
    `price-${i}`,
    {
      ...utc,
      axes: [axis({ values: TIMES, space: 90 }), axis({ label: 'risk per $/h', size: 64 })],
      series: [
        timeSeries,
        ...priced.map(({ arm }, k) => ({
          label: arm,
          stroke: COLOURS[k % COLOURS.length],
          width: 1.5,
          points: { show: false },
        })),
      ],
    },
    [timesOf(priced[0]), ...priced.map(({ shadowPrice }) => shadowPrice)],
  )
}

datasets.forEach((dataset, i) => {
  drawFrontier(dataset, i)
  if (dataset.courses.length === 0) return
  drawCourse(dataset, i)
  drawForecast(dataset, i)
  drawMoney(dataset, i)
  drawPrice(dataset, i)
})
