// Local days (days since 1970) and their parts.
import { DAY_MS, firstDayOfMonth, monthOfDay } from '../../../protocol/time.ts'

/** Days that come before, and after, all that happen. */
export const DAY_BEFORE_ALL = -1_000_000_000
export const DAY_AFTER_ALL = 1_000_000_000

/** Stores of one tenant lie in several zones: in canonical order the local day may step back, by two days where offsets are 36 hours apart. */
export const DAYS_BACK_MAX = 2

export function yearOfDay(day: number): number {
  return Math.floor(monthOfDay(day) / 12)
}

/** From 1. */
export function monthOfYear(day: number): number {
  return monthOfDay(day) - yearOfDay(day) * 12 + 1
}

/** From 1. */
export function dayOfMonth(day: number): number {
  return day - firstDayOfMonth(monthOfDay(day)) + 1
}

/** YYYY-MM-DD. */
export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
