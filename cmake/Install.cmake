# `cmake --install`, and the Debian package that CPack makes of it (`./dev package`).

include(GNUInstallDirs)
find_program(GZIP gzip REQUIRED)

# The target `pages` makes what Debian wants compressed; -n leaves out the time, so that builds repeat.
add_custom_target(pages ALL)
function(drawbridge_install_compressed name source destination)
  set(compressed ${CMAKE_BINARY_DIR}/pages/${name}.gz)
  add_custom_command(OUTPUT ${compressed} COMMAND ${GZIP} -9nc ${CMAKE_SOURCE_DIR}/${source} > ${compressed}
                     DEPENDS ${CMAKE_SOURCE_DIR}/${source} VERBATIM)
  target_sources(pages PRIVATE ${compressed})
  install(FILES ${compressed} DESTINATION ${destination})
endfunction()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pages)

install(TARGETS drawbridge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES conf/default.yaml DESTINATION /etc/drawbridge RENAME drawbridge.yaml)
install(DIRECTORY DESTINATION /etc/drawbridge/conf.d)
install(FILES systemd/drawbridge.service systemd/drawbridge.socket DESTINATION lib/systemd/system)
install(FILES completions/drawbridge DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
drawbridge_install_compressed(drawbridge.1 docs/drawbridge.1 ${CMAKE_INSTALL_MANDIR}/man1)
drawbridge_install_compressed(drawbridge.yaml.5 docs/drawbridge.yaml.5 ${CMAKE_INSTALL_MANDIR}/man5)

install(FILES README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# As in the checkout, so that links between the pages hold.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN "drawbridge.*" EXCLUDE)
install(FILES conf/drawbridge.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/conf)
install(FILES conf/drawbridge.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/drawbridge)
install(FILES client/drawbridge.d.ts client/drawbridge.js client/package.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/drawbridge/client)
install(FILES client/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/client)
install(DIRECTORY conf/monitoring DESTINATION ${CMAKE_INSTALL_DOCDIR}/conf)
install(FILES systemd/renew-hook DESTINATION ${CMAKE_INSTALL_DOCDIR}/systemd)
install(FILES cmake/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
drawbridge_install_compressed(changelog CHANGELOG.md ${CMAKE_INSTALL_DOCDIR})
drawbridge_install_compressed(changelog.Debian cmake/debian/changelog ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The drawbridge authors <authors@drawbridge.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "WebSocket-to-TCP bridge")
set(CPACK_PACKAGE_DESCRIPTION
    "Terminates TLS and WebSocket, decides whether a browser may cross, dials the
TCP service behind the route and splices bytes both ways.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE) # whatever the umask
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1) # cmake/debian/changelog names version and release too
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/cmake/debian/conffiles ${CMAKE_SOURCE_DIR}/cmake/debian/postinst
    ${CMAKE_SOURCE_DIR}/cmake/debian/prerm ${CMAKE_SOURCE_DIR}/cmake/debian/postrm)
include(CPack)
