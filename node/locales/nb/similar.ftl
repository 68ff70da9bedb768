similar-none = Nettverket har ingen erfaringer å lete i ennå.
similar-nothing-close = Ingenting ligner nok. Det nærmeste er:
similar-also = Søkte også etter: { $words }
similar-why = Fordi: { $why }
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
