// What the examples have in common.
export const fixed = (points: number) => ({ kind: 'fixed', points })
export const earns = (id: number, type: string, points: number, change: object = {}) => ({
  id,
  title: type,
  type,
  award: fixed(points),
  ...change,
})
export const buys = (id: number, title: string, points: number, change: object = {}) => ({
  id,
  title,
  points,
  ...change,
})
export const SPRING = { start: '2024-03-01', end: '2024-05-31' }
