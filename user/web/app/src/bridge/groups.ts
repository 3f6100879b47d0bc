/** Under which heading of the verification panel a check stands. Source: web-client design, section 6. */

export type Group = "hardware" | "code" | "model" | "key" | "gpu" | "log" | "page" | "route";

const BY_NAME: Readonly<Record<Exclude<Group, "hardware" | "page" | "route">, string>> = {
  code: "measurement host_data id_key author_key release_form release_allowed release_time release_bound registers "
    + "registers_unchecked registers_zero zero_registers initial_measurement extensible_measurements runtime_register "
    + "runtime_log_form runtime_events boot_log_form boot_registers boot_payloads enclave shape rtmr1 rtmr2 mrconfigid "
    + "implementation components configuration_form configuration_allowed configuration_bound egress",
  model: "models_form models_allowed models_bound",
  key: "node_document report_data key_window key nonce challenge evidence_age",
  gpu: "device_count device_keys devices_bound ocsp_form",
  log: "release_logged directory anchor endorsement deployment platform_listed policy_form policy_signature policy_window "
    + "policy_version policy_floor clock",
};

const GROUP_OF: ReadonlyMap<string, Group> = new Map(Object.entries(BY_NAME).flatMap(([group, names]) => {
  return names.split(" ").map((name): [string, Group] => [name, group as Group]);
}));

/** The group of a check; what judges the processor and its evidence is "hardware". */
export function groupOf(check: string): Group {
  return check.startsWith("device_") ? "gpu" : GROUP_OF.get(check) ?? "hardware";
}
