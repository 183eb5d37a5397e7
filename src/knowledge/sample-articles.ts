import type { ArticleContent } from './knowledge.types.js';

/**
 * Articles of a company that does not exist (Larkspur Coffee, reserved domain and telephone numbers), for the first start
 * without configuration. They answer what the sample mails ask.
 */
const article = (title: string, language: string, tags: string[], body: string): ArticleContent => ({
  title,
  language,
  tags,
  categories: [],
  status: 'published',
  body: body.trim(),
});

export const SAMPLE_ARTICLES: readonly ArticleContent[] = [
  article(
    'Refunds and returns',
    'en',
    ['refund', 'return'],
    `
## When you can get a refund
You can return unopened coffee and undamaged equipment within 30 days of delivery for a full refund. Opened coffee cannot be returned, but if it arrived damaged or stale we replace it free of charge.

## How to ask for a refund
Reply to your order confirmation with the order number and a short reason. If a parcel arrived damaged, please attach a photo of it. We check the request within 2 business days and send you a prepaid return label.

## When the money arrives
We refund to the card or account that paid. The refund is on your statement 5 to 7 business days after the parcel reaches our warehouse.
`,
  ),
  article(
    'Billing and invoices',
    'en',
    ['billing', 'invoice'],
    `
## When you are charged
A subscription is charged on the day it starts and then on the same day of every month. One-time orders are charged when they are placed.

## Charged twice
If your card shows two charges for the same order, one of them is usually an authorisation that your bank releases within 3 business days. If both are still there after that, send us the order number and the dates of both charges, and we return the second one.

## Invoices and VAT
You can download every invoice as a PDF under Account > Invoices. To put a company name or a VAT number on it, enter them under Account > Billing details before the next charge; invoices that exist already cannot be changed.

## Change the payment method
Add the new card under Account > Billing details and choose "Use for subscription". The old card can be removed afterwards.
`,
  ),
  article(
    'Reset your password and sign in',
    'en',
    ['account', 'password'],
    `
## Forgotten password
Choose "Forgot password" on the sign-in page and enter the e-mail address of your account. The link in our mail works for 60 minutes and only once. If no mail arrives, look into the spam folder and check that you used the address that you ordered with.

## Account locked
After 10 wrong passwords an account is locked for 30 minutes. Resetting the password unlocks it at once.

## Change your e-mail address
You can change the address under Account > Profile. We send a confirmation link to the new address; until you open it, the old one stays valid.
`,
  ),
  article(
    'Shipping times and tracking',
    'en',
    ['shipping', 'delivery', 'tracking'],
    `
## How long delivery takes
We roast every weekday, and orders placed before 14:00 are shipped the next business day. Delivery takes 2 to 3 business days within the country, 3 to 6 business days in the European Union and 7 to 12 business days elsewhere.

## Track a parcel
The shipping confirmation contains a tracking link. It can take 24 hours until the carrier shows the first scan.

## Parcel late or lost
If the tracking has not changed for 5 business days, write to us with the order number. We ask the carrier and send a replacement or refund the order, as you prefer.

## Shipping costs
Shipping is free for subscriptions and for orders above 40 EUR. Below that it costs 4.90 EUR within the country and 9.90 EUR elsewhere.
`,
  ),
  article(
    'Plans and prices',
    'en',
    ['plans', 'prices', 'sales'],
    `
## Plans
There are three subscription plans. Starter sends one bag of 250 g a month for 11 EUR. Regular sends two bags a month for 20 EUR. Office sends eight bags of 1 kg a month for 240 EUR and includes a grinder on loan.

## Change or pause a plan
You can switch plans or pause for up to three months under Account > Subscription. Changes made at least 2 days before the next charge apply to that charge.

## Cancel a subscription
You can cancel at any time under Account > Subscription > Cancel. It ends with the period that is paid for, and there is no fee.

## Offers for companies
Companies that order more than 20 kg a month get a discount of 10 percent on the Office plan. For an offer, tell us the number of people, the machine in use and the delivery address.
`,
  ),
  article(
    'Contact and opening hours',
    'en',
    ['contact'],
    `
## Opening hours
Our support team answers e-mails from Monday to Friday between 9:00 and 17:00 Central European Time, usually within one business day. We are closed on public holidays.

## Telephone
You can call us on +1 555 0100 from Monday to Thursday between 10:00 and 15:00.

## Address
Larkspur Coffee, 12 Harbour Street. Visitors to the roastery are welcome on the first Saturday of every month; please sign up at https://larkspur.example/visit.
`,
  ),
  article(
    'Grinder and machine care',
    'en',
    ['support', 'equipment'],
    `
## The grinder does not start
Check that the bean container is locked: the grinder has a safety switch and starts only when the container clicks. If it hums but does not turn, switch it off, pull the plug and remove the beans that block the burrs.

## Descale the machine
Descale every 3 months, or when the light blinks orange. Fill the tank with one sachet of descaler and 500 ml of water, hold the steam button for 5 seconds, and run two tanks of clear water afterwards.

## Warranty
Grinders and machines have a warranty of 2 years from the day of delivery. Send us the serial number from the base and a description of the fault; we repair or replace the device.
`,
  ),
  article(
    'Rückgabe und Erstattung',
    'de',
    ['refund', 'return'],
    `
## Wann wir erstatten
Ungeöffneten Kaffee und unbeschädigte Geräte können Sie innerhalb von 30 Tagen nach der Lieferung zurückgeben und erhalten den vollen Preis erstattet. Kam der Kaffee beschädigt an, ersetzen wir ihn kostenlos.

## Rückgabe anmelden
Antworten Sie auf die Bestellbestätigung mit der Bestellnummer und einem kurzen Grund. Wir prüfen die Anfrage innerhalb von 2 Werktagen und senden Ihnen ein Rücksendeetikett.

## Wann das Geld kommt
Die Erstattung ist 5 bis 7 Werktage nach Eingang des Pakets auf Ihrem Konto.
`,
  ),
  article(
    'Lieferzeiten und Sendungsverfolgung',
    'de',
    ['shipping', 'delivery'],
    `
## Lieferzeit
Bestellungen bis 14:00 Uhr verschicken wir am nächsten Werktag. Die Lieferung dauert 2 bis 3 Werktage im Inland und 3 bis 6 Werktage in der Europäischen Union.

## Sendung verfolgen
Die Versandbestätigung enthält einen Link zur Sendungsverfolgung. Bis zum ersten Scan können 24 Stunden vergehen.

## Paket verspätet oder verloren
Wenn sich die Sendungsverfolgung seit 5 Werktagen nicht geändert hat, schreiben Sie uns die Bestellnummer. Wir fragen beim Paketdienst nach und schicken Ersatz oder erstatten die Bestellung.
`,
  ),
];
