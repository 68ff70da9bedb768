similar-none = There are no cases to search yet.
similar-building = The cases are being made ready for search after the node was started: some may be missing. Ask again in a while.
similar-nothing-close = Nothing is close. The nearest are:
similar-also = Searched also for: { $words }
similar-why = Because: { $why }
similar-useful = Useful in this phase: { $fields }
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
start-similar = Similar experience
start-lessons-now = Lessons you can use now
start-lessons-later = Lessons for later on
start-joining = About to buy something similar
start-until = join before { $day }
start-notice = notice expected { $day }
start-templates = Templates they used
start-contacts = Ask them
start-cpv = Suggested CPV code: { $code } { $label } ({ $share } % of the nearest)
start-ask = Begin the draft “{ $title }”? [y/N]
start-not-made = No draft was begun; --yes begins it.
start-made =
    Draft: { $id }
    Fill in the rest: { $command }
lessons-none = No lessons here yet.
