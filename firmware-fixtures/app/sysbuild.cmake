# SPDX-License-Identifier: Apache-2.0
#
# The network core's image goes with the application's: the same board's other core.
string(REPLACE "cpuapp" "cpunet" hil_net_board "${BOARD}${BOARD_QUALIFIERS}")
if(NOT hil_net_board MATCHES "cpunet")
  message(FATAL_ERROR "The fixture is for the application core of an nRF5340, not for ${BOARD}${BOARD_QUALIFIERS}")
endif()

ExternalZephyrProject_Add(
  APPLICATION hil_net
  SOURCE_DIR ${APP_DIR}/../net
  BOARD ${hil_net_board}
)

# Zephyr 3.4 does not list it by itself.
if(NOT hil_net IN_LIST IMAGES)
  list(APPEND IMAGES hil_net)
endif()
