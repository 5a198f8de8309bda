"""The chains that set up Flex, each one change."""
