// Every e-mail there is, by whom it is for: customers who want e-mails of the business, staff in some roles, or whoever asked for it themselves.
import type { StaffRole } from '../../store/platform-port.ts'
import { STAFF_ROLES } from '../../store/platform-port.ts'

export const CUSTOMER_MAILS = [
  'USER_WARM_REG_REQUEST',
  'USER_EARN_ALERT',
  'USER_REDEEM_ALERT',
  'REFERRAL_OFFER',
  'BONUS_REFERRAL_INFORM',
  'CLAIMED_OFFER',
  'POINT_EXPIRATION_WARN',
  'VOUCHER_EXPIRES',
  'CHALLENGE_PROGRESS_UPDATE',
  'CHALLENGE_COMPLETE',
  'WEEKLY_CUSTOMER_REPORT',
] as const

export const STAFF_MAILS = [
  'BUSINESS_LIVE_ALERT',
  'BUSINESS_DAILY_STATS',
  'WEEKLY_BUSINESS_REPORT',
  'MONTHLY_BUSINESS_REPORT',
  'OBLIGATION',
  'COMPLETED_REFERRAL_ADMIN_INFORM',
  'BATCH_UPLOAD_REPORT',
  'NOTIFY_LIMIT_EXCEEDED',
] as const
export type StaffMail = (typeof STAFF_MAILS)[number]

/** Who of the staff gets it (MAIL-9). */
export const ROLES_TOLD: Readonly<Record<StaffMail, readonly StaffRole[]>> = {
  BUSINESS_LIVE_ALERT: ['ADMIN'],
  BUSINESS_DAILY_STATS: ['ADMIN', 'EMAIL_ONLY'],
  WEEKLY_BUSINESS_REPORT: ['ADMIN', 'EMAIL_ONLY'],
  MONTHLY_BUSINESS_REPORT: ['ADMIN', 'EMAIL_ONLY'],
  OBLIGATION: ['ADMIN', 'EMPLOYEE'],
  COMPLETED_REFERRAL_ADMIN_INFORM: ['ADMIN'],
  // Whoever sent the batch.
  BATCH_UPLOAD_REPORT: STAFF_ROLES,
  NOTIFY_LIMIT_EXCEEDED: ['ADMIN'],
}

const ASKED_MAILS = [
  'USER_CONFIRM_EMAIL_REQUEST',
  'USER_MERGE_REQUEST',
  'USER_MERGE_OK',
  'BUSINESS_ADD_EMPLOYEE_INFORM',
  'PASSWORD_RESET',
] as const

export const MAIL_TYPES = [...CUSTOMER_MAILS, ...STAFF_MAILS, ...ASKED_MAILS] as const
export type MailType = (typeof MAIL_TYPES)[number]

/** What platforms list; nobody but the person knows of the others. */
export const TRACKED_MAIL_TYPES = MAIL_TYPES.filter((type) => type !== 'PASSWORD_RESET')

export function isForCustomers(type: MailType): boolean {
  return CUSTOMER_MAILS.some((known) => known === type)
}

export function isForStaff(type: MailType): type is StaffMail {
  return STAFF_MAILS.some((known) => known === type)
}
