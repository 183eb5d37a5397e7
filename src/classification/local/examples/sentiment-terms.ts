import type { Sentiment } from '../../../mail/message/email.types.js';

/** Words that carry tone by themselves (en, de, fr, es), one per line; used like CATEGORY_TERMS, for the sentiment head. */
export const SENTIMENT_TERMS: Readonly<Record<Exclude<Sentiment, 'neutral'>, string>> = {
  negative: `angry
annoyed
annoying
furious
frustrated
frustrating
disappointed
disappointing
unacceptable
terrible
horrible
awful
worst
bad
poor
rude
ridiculous
useless
disgusted
outrageous
ignored
unhappy
upset
fed up
sick of
tired of waiting
cheated
lied to
broken promises
shame
hate
sucks
nightmare
disaster
nobody cares
still not fixed
keeps failing
crashes all the time
no longer works
stopped working
lost all my data
hacked
charged twice
overcharged
ärgerlich
verärgert
enttäuscht
enttäuschend
unverschämt
Frechheit
Katastrophe
katastrophal
schlecht
furchtbar
unfreundlich
unzumutbar
inakzeptabel
unzufrieden
nervt
wütend
doppelt abgebucht
funktioniert nicht mehr
déçu
déçue
inadmissible
inacceptable
honte
scandaleux
lamentable
mécontent
furieux
catastrophe
mauvais
horrible
impoli
énervé
prélevé deux fois
ne fonctionne plus
decepcionado
decepcionada
inaceptable
vergüenza
pésimo
horrible
mal servicio
enfadado
enfadada
indignado
desastre
maleducado
harto
cobrado dos veces
no funciona`,
  positive: `thank you so much
thanks a lot
great
great job
awesome
amazing
excellent
fantastic
wonderful
perfect
brilliant
love
love it
happy
very happy
pleased
delighted
satisfied
impressed
well done
keep up the good work
best
friendly
helpful
recommend
enjoyed
delicious
beautiful
vielen Dank
herzlichen Dank
super
toll
großartig
ausgezeichnet
hervorragend
perfekt
begeistert
zufrieden
sehr zufrieden
Lob
freundlich
weiterempfehlen
gefällt mir
wunderbar
merci beaucoup
merci encore
bravo
excellent
formidable
parfait
ravi
ravie
génial
satisfait
satisfaite
félicitations
super
muchas gracias
excelente
estupendo
fantástico
perfecto
genial
encantado
encantada
contento
contenta
satisfecho
enhorabuena
felicitar`,
};
