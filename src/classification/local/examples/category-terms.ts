import type { DEFAULT_CATEGORIES } from '../../classification.types.js';

/**
 * Words and phrases that by themselves say where a mail belongs, in English, German, French and Spanish, one per line. Each
 * is a very short training mail: they name what forty examples a category cannot all mention. Labels of people outweigh them.
 */
export const CATEGORY_TERMS: Readonly<Record<(typeof DEFAULT_CATEGORIES)[number], string>> = {
  billing: `billing
accounts department
charges
invoice
billed amount
billing discrepancy
payment options
bill
charged
charged twice
double charge
refund
refund my money
money back
reimbursement
payment
payment failed
payment declined
payment method
credit card
debit card
direct debit
bank transfer
receipt
credit note
tax
VAT
outstanding balance
overdue invoice
subscription fee
cancel my subscription
cancel the plan
downgrade my plan
renewal
auto-renewal charge
overcharged
deducted from my account
billing address
billing period
purchase order number
instalments
promo code not applied
Rechnung
Gutschrift
Rückerstattung
Erstattung
Abrechnung
abgebucht
Abbuchung
Lastschrift
Zahlung
überweisen
Überweisung
Mahnung
Kreditkarte
IBAN
Bankverbindung
Umsatzsteuer
Kündigung
Abo kündigen
Abonnement kündigen
Zahlungsart
Betrag zurück
facture
remboursement
rembourser
prélèvement
prélevé
paiement
carte bancaire
TVA
résilier
résilier mon abonnement
annuler mon abonnement
avoir
virement
échéance
double facturation
factura
reembolso
devolución del dinero
cobro
me han cobrado
cargo en la tarjeta
pago
tarjeta de crédito
recibo
IVA
cancelar mi suscripción
darme de baja del plan de pago
domiciliación
transferencia
importe`,
  support: `technical support
technical issue
technical problem
issue
problem
malfunction
troubleshooting
does not work
not working
stopped working
error message
error code
crash
crashes
freezes
bug
broken
defective
printer
printer does not print
wifi
internet connection
screen stays black
how do I
how can I set up
where do I find the setting
installation
install
update failed
upload fails
sync problem
slow
timeout
server error
outage
down
tracking
where is my order
order has not arrived
late delivery
parcel
package lost
wrong item
missing item
damaged item
return an item
exchange
replacement
warranty
repair
manual
configure
import
export
compatible
compatibility
integration
integrate
software
hardware
network
server
database
backup
device
router
laptop
monitor
driver
firmware
connectivity
synchronisation
performance problems
security vulnerability
data breach
system failure
documentation
technische Probleme
Problem
Störung
Software
Netzwerk
Datenbank
Datensicherung
Gerät
Integration
Dokumentation
Unterstützung
Sicherheitslücke
Systemausfall
funktioniert nicht
geht nicht
kaputt
defekt
Fehler
Fehlermeldung
Absturz
stürzt ab
Drucker
druckt nicht
keine Verbindung
einrichten
Einrichtung
installieren
Anleitung
Bestellung nicht angekommen
Lieferung
Paket
Sendungsverfolgung
Umtausch
zurücksenden
Garantie
Reparatur
Server nicht erreichbar
ne fonctionne pas
ne marche plus
en panne
erreur
message d'erreur
bug
plante
imprimante
connexion internet
installer
configurer
mode d'emploi
commande non reçue
livraison
colis
suivi
échange
retour d'un article
garantie
réparation
problème technique
logiciel
réseau
serveur
base de données
sauvegarde
intégration
assistance technique
no funciona
error
mensaje de error
se bloquea
se cierra solo
impresora
no imprime
conexión
instalar
configurar
configuración
manual
pedido no ha llegado
entrega
paquete
seguimiento
cambio de talla
devolver un producto
garantía
reparación
problema técnico
programa
red
servidor
base de datos
copia de seguridad
integración
soporte técnico`,
  sales: `price
pricing
how much does it cost
how much is
quote
quotation
offer
discount
volume discount
demo
product demonstration
free trial
buy
would like to purchase
want to order
licences for our team
enterprise plan
business plan
plans and pricing
upgrade to premium
talk to sales
reseller
wholesale
bulk order
minimum order quantity
catalogue
price list
in stock
available for sale
pre-order
proposal
tender
contract for new customers
lease
special offer
student discount
non-profit discount
Preis
Preise
Preisliste
was kostet
wie viel kostet
Angebot
Mengenrabatt
Rabatt
kaufen
Lizenzen
Tarif
Testversion
kostenlose Testphase
Vorführung
lieferbar
auf Lager
Vertrieb
Händler werden
Großbestellung
prix
tarif
tarifs
combien coûte
devis
remise
acheter
licences
démonstration
essai gratuit
offre commerciale
disponible à la vente
en stock
revendeur
grossiste
service commercial
precio
precios
cuánto cuesta
presupuesto
descuento
comprar
licencias
demostración
prueba gratis
oferta
plan de empresa
disponible en stock
distribuidor
al por mayor
departamento de ventas`,
  complaint: `complaint
formal complaint
complain
unacceptable
disappointed
very disappointed
dissatisfied
unhappy
angry
furious
frustrated
outraged
disgusted
appalled
terrible service
awful
horrible experience
worst
rude
unprofessional
incompetent
ignored
nobody answers
no response
waste of time
ridiculous
a joke
shame on you
disgrace
apology
compensation
manager
supervisor
escalate
legal action
lawyer
never again
lost trust
broken promises
misled
cheated
poor quality
poor service
bad experience
service sucks
Beschwerde
beschweren
Reklamation
unverschämt
Frechheit
Zumutung
enttäuscht
verärgert
unzufrieden
Katastrophe
unfreundlich
unmöglich
inakzeptabel
Entschuldigung erwarten
Vorgesetzter
Anwalt
schlechter Service
nie wieder
réclamation
plainte
mécontent
mécontentement
inadmissible
inacceptable
déçu
déçue
honte
scandaleux
lamentable
impoli
excuses
responsable
avocat
mauvais service
plus jamais
queja
reclamación
quejarme
inaceptable
decepcionado
decepcionada
indignado
vergüenza
pésimo
maleducado
disculpas
encargado
abogado
mal servicio
nunca más`,
  account: `log in
login
can't log in
sign in
sign up
password
forgot password
reset password
password reset email
username
user name
locked out
account locked
unlock my account
account disabled
account suspended
two-factor authentication
verification code
activation link
confirmation link
change my email address
change my phone number
update my profile
profile
personal data
delete my account
close my account
deactivate account
reactivate
merge accounts
permissions
access rights
admin rights
add a user
remove a user
invite a colleague
hacked account
suspicious login
single sign-on
API key
unsubscribe
remove me from the mailing list
GDPR
privacy
einloggen
anmelden
Anmeldung
Login
Passwort
Passwort vergessen
Passwort zurücksetzen
Benutzername
Konto gesperrt
Konto löschen
Benutzerkonto
Zugang
Zugangsdaten
Kundenkonto
Profil
E-Mail-Adresse ändern
persönliche Daten
DSGVO
Berechtigung
Benutzer anlegen
Newsletter abbestellen
gehackt
me connecter
connexion à mon compte
mot de passe
mot de passe oublié
réinitialiser
identifiant
compte bloqué
supprimer mon compte
fermer mon compte
profil
données personnelles
RGPD
droits d'accès
ajouter un utilisateur
code de vérification
se désabonner
compte piraté
iniciar sesión
contraseña
olvidé mi contraseña
restablecer
usuario
cuenta bloqueada
eliminar mi cuenta
cerrar mi cuenta
perfil
datos personales
permisos
añadir un usuario
código de verificación
darme de baja del boletín
cuenta hackeada`,
  feedback: `feedback
suggestion
idea
feature request
would be nice if
it would be great if
please add
could you add
wish
improvement
my opinion
survey
review
rating
great job
well done
keep up the good work
love it
love your product
awesome
amazing
fantastic
excellent
wonderful
happy with
very satisfied
pleased
impressed
compliment
thank you so much
thanks for the great service
best
recommend
five stars
kudos
Lob
großes Lob
Vorschlag
Verbesserungsvorschlag
Anregung
Idee
es wäre schön
ich wünsche mir
gefällt mir
super
toll
sehr zufrieden
begeistert
weiterempfehlen
weiter so
Bewertung
meine Meinung
suggestion
idée
il serait pratique
ce serait bien
j'aimerais voir
bravo
félicitations
excellent
formidable
ravi
ravie
très satisfait
recommande
continuez ainsi
mon avis
merci pour tout
sugerencia
idea
estaría bien
me gustaría que añadieran
enhorabuena
felicitaciones
excelente
estupendo
encantado
muy contento
muy satisfecho
recomiendo
sigan así
mi opinión`,
  spam: `SEO
first page of Google
backlinks
guest post
web design services
lottery
you have won
winner
prize
claim your prize
inheritance
next of kin
million dollars
bitcoin
crypto investment
forex
casino
free spins
viagra
pills
replica watches
hot singles
adult dating
click here
click the link below
limited time offer
act now
100% free
guaranteed
make money from home
earn money fast
work from home
weight loss
miracle
pre-approved loan
verify your account within 24 hours
mailbox storage exceeded
password expires today
wire transfer
gift cards codes
email list
leads
outsourcing
leading manufacturer
factory price
followers
traffic to your website
unsubscribe at the bottom
free iphone
gewonnen
Gewinnspiel
Gewinn
klicken Sie hier
Sofortkredit
ohne Schufa
Bankdaten bestätigen
schnell Geld verdienen
Platz 1 bei Google
Potenzmittel
vous avez gagné
gagnant
loterie
cliquez ici
crédit rapide
prêt entre particuliers
gagner de l'argent
référencement
première page de Google
coordonnées bancaires
ha ganado
ganador
premio
lotería
haga clic aquí
gane dinero
préstamo rápido
criptomonedas
primera página de Google
auditoría gratis`,
  other: `job application
apply for the position
CV attached
vacancy
internship
press
journalist
interview
sponsoring
sponsorship
donation
partnership
cooperation
invitation
conference
event
trade fair
speaker
university thesis
research project
questionnaire
opening hours
directions
parking
address of your office
meeting minutes
agenda
wrong recipient
see you tomorrow
lunch
family
happy birthday
merry Christmas
test
hello
hi
ok
lost and found
photo permission
guided tour
school visit
notice
Bewerbung
Stelle
Lebenslauf
Praktikum
Presse
Interview
Spende
Kooperation
Einladung
Veranstaltung
Messe
Öffnungszeiten
Anfahrt
Parkplatz
falscher Empfänger
Protokoll der Sitzung
Termin
liebe Grüße
frohe Weihnachten
Führung
candidature
poste
stage
presse
journaliste
don
partenariat
invitation
événement
horaires d'ouverture
stationnement
compte rendu de la réunion
rendez-vous
joyeux Noël
visite guidée
solicitud de empleo
currículum
puesto de trabajo
prácticas
prensa
periodista
entrevista
donación
colaboración
invitación
evento
horario
aparcamiento
acta de la reunión
cita
feliz Navidad
visita guiada`,
};
