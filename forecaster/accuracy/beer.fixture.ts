/**
 * Australian quarterly beer production 1992 Q1–2010 Q2, megalitres (Australian Bureau of Statistics, cat. 8301.0.55.001):
 * the series of Hyndman & Athanasopoulos, FPP3 §5.8 (training until 2007 Q4), whose published errors the tests repeat.
 */
export const BEER: readonly number[] = [
  443, 410, 420, 532, 433, 421, 410, 512, 449, 381, 423, 531, 426, 408, 416, 520, 409, 398, 398,
  507, 432, 398, 406, 526, 428, 397, 403, 517, 435, 383, 424, 521, 421, 402, 414, 500, 451, 380,
  416, 492, 428, 408, 406, 506, 435, 380, 421, 490, 435, 390, 412, 454, 416, 403, 408, 482, 438,
  386, 405, 491, 427, 383, 394, 473, 420, 390, 410, 488, 415, 398, 419, 488, 414, 374,
]
export const BEER_TRAINING_STEPS = 64
export const BEER_SEASON_STEPS = 4
