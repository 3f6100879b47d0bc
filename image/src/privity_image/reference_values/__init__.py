"""What a release may measure: computed from its parts, or verified from a vendor's signed manifest."""
