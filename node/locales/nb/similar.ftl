similar-none = Nettverket har ingen erfaringer å lete i ennå.
similar-building = Erfaringene ordnes for søk etter at noden ble startet: noen kan mangle. Spør igjen om litt.
similar-nothing-close = Ingenting ligner nok. Det nærmeste er:
similar-also = Søkte også etter: { $words }
similar-why = Fordi: { $why }
similar-useful = Nyttig i denne fasen: { $fields }
similar-lesson = Lærdom: { $lesson }
why-part = orddelen { $text }
why-expansion = { $text }, som også ble søkt etter
why-spelling = { $text }, skrevet nesten likt
why-cpv = CPV { $text }
why-phase = samme fase ({ $text })
why-procedure = samme prosedyre ({ $text })
why-value = omtrent samme verdi
why-innovation = samme slags anskaffelse ({ $text })
why-gains = har målt gevinst
why-lessons = har lærdommer for fasen
why-reuse = i bruk hos andre

vocabulary-imported = { $codes } koder er tatt inn, og { $words } ord lært av dem.
start-similar = Lignende erfaringer
start-lessons-now = Lærdommer du kan bruke nå
start-lessons-later = Lærdommer for senere i løpet
start-joining = Skal snart kjøpe noe lignende
start-until = frist for å bli med: { $day }
start-notice = kunngjøring ventes { $day }
start-templates = Maler de brukte
start-contacts = Spør gjerne
start-cpv = Foreslått CPV-kode: { $code } { $label } ({ $share } % av de nærmeste)
start-ask = Begynne kladden «{ $title }»? [j/N]
start-not-made = Ingen kladd er begynt; --yes begynner den.
start-made =
    Kladd: { $id }
    Fyll ut resten: { $command }
lessons-none = Ingen lærdommer her ennå.
