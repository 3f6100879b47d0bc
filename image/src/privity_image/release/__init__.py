"""What an operator logs by hand: releases, web builds, fleet, policies, revocations. Source: specs/leaves.md."""
