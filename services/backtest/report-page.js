/** Draws the plots of a backtest's report; runs in the browser, beside uPlot, on the JSON in the page. */
const { levels, services } = JSON.parse(document.getElementById('data').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#c9d1d9' : '#24292f'
const grid = dark ? '#30363d' : '#d8dee4'
const blue = dark ? '#58a6ff' : '#0969da'
const band = dark ? 'rgb(88 166 255 / 0.35)' : 'rgb(9 105 218 / 0.25)'
const grey = dark ? '#8b949e' : '#57606a'
const COLOURS = dark
  ? ['#58a6ff', '#ff7b72', '#3fb950', '#d29922', '#bc8cff', '#f778ba', '#39c5cf']
  : ['#0969da', '#cf222e', '#1a7f37', '#9a6700', '#8250df', '#bf3989', '#1b7c83']
const DAY = '{YYYY}-{MM}-{DD}'
/** By the distance of two marks, seconds: how the first of a day and the others are written. */
const TIMES = [
  [86400, DAY, ...Array(6).fill(null), 1],
  [60, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, ...Array(3).fill(null), 1],
  [1, '{HH}:{mm}:{ss}', `\n${DAY}`, null, `\n${DAY}`, ...Array(3).fill(null), 1],
]
const HEIGHT = 280

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

/** The place from which on the series was tested. */
function markTest(testFrom) {
  return (chart) => {
    const { ctx, bbox } = chart
    const x = Math.round(chart.valToPos(testFrom, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) return
    ctx.save()
    ctx.strokeStyle = ink
    ctx.setLineDash([4, 4])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.restore()
  }
}

function drawLoad(service, i) {
  const [low, median, high] = service.bands
  const points = { show: false }
  draw(
    `load-${i}`,
    {
      cursor: { drag: { x: true, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), 'UTC'),
      axes: [axis({ label: 'UTC', values: TIMES, space: 90 }), axis({ label: 'load' })],
      bands: [{ series: [4, 2], fill: band }],
      hooks: { draw: [markTest(service.testFrom)] },
      series: [
        { label: 'time', value: `${DAY} {HH}:{mm}` },
        { label: 'load', stroke: ink, width: 1, points },
        { label: '5 %', stroke: band, width: 1, points },
        { label: 'median', stroke: blue, width: 1.5, points },
        { label: '95 %', stroke: band, width: 1, points },
      ],
    },
    [service.times, service.load, low, median, high],
  )
}

function drawLoss(service, i) {
  const { horizons, entrants, chosen } = service
  draw(
    `loss-${i}`,
    {
      legend: { live: false },
      scales: { x: { time: false, distr: 3 } },
      axes: [
        axis({
          label: 'steps ahead, up to',
          size: 30,
          splits: () => horizons,
          filter: (_, splits) => splits,
          values: (_, splits) => splits.map(String),
        }),
        axis({ label: 'SPL', size: 64 }),
      ],
      series: [
        { label: 'to' },
        ...entrants.map(({ entrant }, j) => ({
          label: entrant === chosen ? `${entrant} (choice)` : entrant,
          width: entrant === chosen ? 3 : 1.2,
          ...(entrant === 'seasonal-naive'
            ? { stroke: grey, dash: [6, 4] }
            : { stroke: COLOURS[j % COLOURS.length] }),
        })),
      ],
    },
    [horizons, ...entrants.map(({ spl }) => spl)],
  )
}

function drawCalibration(service, i) {
  const known = service.calibration
    .map((shares, h) => ({ shares, horizon: service.horizons[h] }))
    .filter(({ shares }) => shares !== null)
  const off = known.map(({ shares }) => shares.map((share, l) => 100 * (share - levels[l])))
  const most = Math.max(10, ...off.flat().map(Math.abs))
  draw(
    `calibration-${i}`,
    {
      legend: { live: false },
      scales: { x: { time: false, range: [0, 1] }, y: { range: [-most, most] } },
      axes: [
        axis({ label: 'level of the quantile', size: 30 }),
        axis({ label: 'share under it − level, % points' }),
      ],
      series: [
        { label: 'level' },
        { label: 'calibrated', stroke: ink, width: 1, dash: [4, 4], points: { show: false } },
        ...known.map(({ horizon }, h) => ({
          label: `to ${horizon}`,
          stroke: COLOURS[h % COLOURS.length],
          width: 1.5,
        })),
      ],
    },
    [levels, levels.map(() => 0), ...off],
  )
}

services.forEach((service, i) => {
  drawLoad(service, i)
  drawLoss(service, i)
  drawCalibration(service, i)
})
