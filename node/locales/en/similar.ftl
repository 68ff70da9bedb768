similar-none = There are no cases to search yet.
similar-nothing-close = Nothing is close. The nearest are:
similar-also = Searched also for: { $words }
similar-why = Because: { $why }
similar-lesson = Lesson: { $lesson }
why-part = the part { $text }
why-expansion = { $text }, also searched for
why-spelling = { $text }, spelt almost alike
why-cpv = CPV { $text }
why-phase = same phase ({ $text })
why-procedure = same procedure ({ $text })
why-value = about the same value
why-innovation = same kind of procurement ({ $text })
why-gains = has a measured gain
why-lessons = has lessons for the phase
why-reuse = in use elsewhere

vocabulary-imported = { $codes } codes taken in, and { $words } words learnt from them.
