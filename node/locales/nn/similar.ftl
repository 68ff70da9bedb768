similar-none = Nettverket har ingen erfaringar å leite i enno.
similar-building = Erfaringane vert ordna for søk etter at noden vart starta: nokre kan mangle. Spør igjen om litt.
similar-nothing-close = Ingenting liknar nok. Det næraste er:
similar-also = Søkte òg etter: { $words }
similar-why = Fordi: { $why }
similar-useful = Nyttig i denne fasen: { $fields }
similar-lesson = Lærdom: { $lesson }
why-part = orddelen { $text }
why-expansion = { $text }, som det òg vart søkt etter
why-spelling = { $text }, skrive nesten likt
why-cpv = CPV { $text }
why-phase = same fase ({ $text })
why-procedure = same prosedyre ({ $text })
why-value = omtrent same verdi
why-innovation = same slags innkjøp ({ $text })
why-gains = har målt gevinst
why-lessons = har lærdommar for fasen
why-reuse = i bruk hos andre

vocabulary-imported = { $codes } kodar er tekne inn, og { $words } ord lærte av dei.
start-similar = Liknande erfaringar
start-lessons-now = Lærdomar du kan bruke no
start-lessons-later = Lærdomar for seinare i løpet
start-joining = Skal snart kjøpe noko liknande
start-until = frist for å bli med: { $day }
start-notice = kunngjering er venta { $day }
start-templates = Malar dei brukte
start-contacts = Spør gjerne
start-cpv = Foreslått CPV-kode: { $code } { $label } ({ $share } % av dei næraste)
start-ask = Byrje kladden «{ $title }»? [j/N]
start-not-made = Ingen kladd er påbyrja; --yes byrjar han.
start-made =
    Kladd: { $id }
    Fyll ut resten: { $command }
lessons-none = Ingen lærdomar her enno.
