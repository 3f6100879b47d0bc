# Makes a C2SP tlog-policy of what `privity-log keys` and `privity-log witness --only-keys` print:
#   cat log-keys witness-keys | awk -v read=https://log.chat.example -v witness=http://127.0.0.1:8084 -f policy.awk
# `read`: below it, /release and /keys are read. `witness`: where the log reaches the witness.
# For more witnesses add their lines, a group, and its name behind `quorum`.
$1 == "log" { split($2, part, /[\/+]/); print $0 (seen[part[2]]++ ? "" : " " read "/" part[2]) }
$1 == "witness" && $2 ~ /-mldsa44$/ { print "witness operator " $3 " " witness; quorum = "operator" }
END { print "quorum " (quorum == "" ? "none" : quorum) }
