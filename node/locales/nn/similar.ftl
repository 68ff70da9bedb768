similar-none = Nettverket har ingen erfaringar å leite i enno.
similar-nothing-close = Ingenting liknar nok. Det næraste er:
similar-also = Søkte òg etter: { $words }
similar-why = Fordi: { $why }
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
