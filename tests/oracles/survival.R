# Kaplan-Meier, Aalen-Johansen and restricted means by R's survival; called by make.py, which gives the data.
# A line of input: name, durations, events (0 open, 1 won, 2 lost); a line of output: name, figure, values.
suppressPackageStartupMessages(library(survival))
say <- function(name, figure, values) {
  told <- ifelse(is.na(values), "nan", formatC(values, digits = 17, format = "g", width = 1))
  cat(name, figure, paste(trimws(told), collapse = ","), sep = "\t")
  cat("\n")
}
say("versions", paste("R", getRversion()), 0)
say("versions", paste("survival", packageVersion("survival")), 0)
for (line in readLines(file("stdin"))) {
  parts <- strsplit(line, "\t")[[1]]
  durations <- as.numeric(strsplit(parts[2], ",")[[1]])
  events <- as.integer(strsplit(parts[3], ",")[[1]])
  horizon <- as.numeric(parts[4])
  ended <- as.integer(events > 0)
  km <- survfit(Surv(durations, ended) ~ 1, conf.type = "log-log")
  say(parts[1], "times", km$time)
  say(parts[1], "at_risk", km$n.risk)
  say(parts[1], "survival", km$surv)
  told <- quantile(km, probs = c(0.25, 0.5, 0.9))
  say(parts[1], "quantiles", told$quantile)
  say(parts[1], "quantiles_low", told$lower)
  say(parts[1], "quantiles_high", told$upper)
  say(parts[1], "restricted_mean", summary(km, rmean = horizon)$table["rmean"])
  states <- factor(events, 0:2, c("open", "won", "lost"))
  aj <- survfit(Surv(durations, states) ~ 1)
  say(parts[1], "incidence", aj$pstate[, aj$states == "won"])
}
